//! `gardefou waive` edits the YAML and nothing else in it.

use gardefou::waiver::{NewWaiver, add};

fn waiver() -> NewWaiver {
    NewWaiver {
        rule: "rls/not-forced".to_owned(),
        object: "public.citernes".to_owned(),
        reason: "the owner: never logs in # promised".to_owned(),
        owner: Some("equipe-depot".to_owned()),
        until: "2999-12-31".to_owned(),
    }
}

#[test]
fn comments_and_order_stay() {
    let cases = [
        ("nothing yet", "# ours\nplatform: supabase # the project\n"),
        ("no newline at the end", "platform: supabase"),
        ("an empty list", "waivers: [] # none so far\nfail-on: error\n"),
        (
            "a list in the middle",
            "# top\nwaivers:\n  # why this one\n  - rule: rls/rls-disabled\n    object: public.a   # a\n    reason: b\n    until: 2999-01-01\n\n# the rest\nfail-on: error\n",
        ),
        (
            "a list without indent",
            "waivers:\n- {rule: rls/rls-disabled, object: public.a, reason: b, until: 2999-01-01}\n# end\n",
        ),
        (
            "windows",
            "waivers:\r\n  - rule: rls/rls-disabled\r\n    object: public.a\r\n    reason: b\r\n    until: 2999-01-01\r\nfail-on: error\r\n",
        ),
    ];
    let mut page = String::new();
    for (name, text) in cases {
        let edited = add(text, "gardefou.yaml", &waiver()).unwrap();
        for line in text.lines().filter(|line| line.contains('#')) {
            let comment = line.split_once('#').unwrap().1;
            assert!(edited.contains(comment), "{name}: {comment}");
        }
        assert_eq!(edited.contains("\r\n"), text.contains("\r\n"));
        page.push_str(&format!("== {name}\n{}\n", edited.replace('\r', "")));
        let again = add(&edited, "gardefou.yaml", &waiver()).unwrap_err().to_string();
        assert!(again.contains("already has a waiver"), "{again}");
    }
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("waive", page);
    });
}

#[test]
fn a_list_on_one_line_is_left_to_people() {
    let text = "waivers: [{rule: rls/rls-disabled, object: public.a, reason: b, until: 2999-01-01}]\n";
    let error = add(text, "gardefou.yaml", &waiver()).unwrap_err().to_string();
    assert_eq!(
        error,
        "gardefou.yaml: `waivers` is written on one line; write it as a list with one `- ` per waiver, then try again"
    );
}
