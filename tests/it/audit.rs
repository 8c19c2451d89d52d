//! `gardefou audit`: the four files, what changed since the last one, and a page that a browser shows as meant.

use std::path::Path;
use std::process::{Command, Stdio};

use gardefou::report::json::Document;
use serde_json::Value;

use crate::live::{code, depot, err, out, root, run_in};
use crate::support::pg::{self, Cluster};

const CLOCK: (&str, &str) = ("SOURCE_DATE_EPOCH", "1795335928");

fn audit(folder: &Path, url: &str, more: &[&str]) -> (i32, String) {
    let config = root().join("examples/depot/gardefou.yaml");
    let arguments = ["audit", "--config", config.to_str().unwrap(), "--database-url", url, "--output-dir", "audit"];
    let output = run_in(folder, &[&arguments, more].concat(), &[CLOCK]);
    assert!(code(&output) < 2, "{}", err(&output));
    (code(&output), out(&output))
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("audit").join(name)).unwrap()
}

fn report(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, "report.json")).unwrap()
}

/// What differs from run to run.
fn stable(text: &str, cluster: &Cluster) -> String {
    let socket = cluster.data().parent().unwrap().to_str().unwrap().to_owned();
    let version = regex_lite(text, "PostgreSQL ");
    // The configuration stands outside the folder the program runs in.
    let root = root().to_str().unwrap().trim_start_matches('/').to_owned();
    let text = text.replace(&root, "ROOT").replace(&root.replace('_', "\\_"), "ROOT");
    // Every version comes with a few more roles.
    let roles = if text.contains("| roles | ") { regex_lite(&text, "| roles | ") } else { "| roles | 30".to_owned() };
    let text = text.replace(&roles, "| roles | 30");
    text.replace(&socket, "SOCKET").replace(&socket.replace('_', "\\_"), "SOCKET").replace(&version, "PostgreSQL 0")
}

/// `PostgreSQL 15.14` as it stands in the text.
fn regex_lite(text: &str, prefix: &str) -> String {
    let rest = text.split(prefix).nth(1).unwrap();
    let version: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("{prefix}{version}")
}

#[test]
fn the_depot_audited_twice_says_what_changed() {
    let Some(cluster) = pg::own_cluster("-audit") else { return };
    if pg::too_old(&cluster) {
        return;
    }
    let (url, mut client) = depot(&cluster);
    let folder = tempfile::tempdir().unwrap();
    let (exit, said) = audit(folder.path(), &url, &[]);
    assert_eq!(exit, 1);
    assert!(said.contains("report.html"), "{said}");
    let first = report(folder.path());
    assert_eq!(first["audit"]["started"], "2026-11-22 08:25:28 UTC");
    assert_eq!(first["audit"]["tool"], format!("gardefou {}", env!("CARGO_PKG_VERSION")));
    assert!(first["audit"]["since"].is_null() && first["audit"]["catalog"]["policies"].as_u64().unwrap() > 10);
    insta::with_settings!({snapshot_path => "../../snapshots/live", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("audit.md", stable(&read(folder.path(), "report.md"), &cluster));
    });
    let sql = "alter table public.transporteurs enable row level security;";
    assert!(read(folder.path(), "report.md").contains(&format!("```sql\n{sql}\n")));
    assert!(read(folder.path(), "report.html").contains(&format!("<pre class=\"sql\">{sql}\n")));
    assert!(first["findings"].as_array().unwrap().iter().any(|finding| finding["fix"] == sql));
    // The same audit again makes the same files.
    let before = ["report.html", "report.md", "report.json", "report.sarif"].map(|name| read(folder.path(), name));
    audit(folder.path(), &url, &[]);
    let after = ["report.html", "report.md", "report.json", "report.sarif"].map(|name| read(folder.path(), name));
    assert_eq!(before, after);

    std::fs::rename(folder.path().join("audit/report.json"), folder.path().join("last.json")).unwrap();
    client
        .batch_execute(
            "alter table public.transporteurs enable row level security;
             create table public.hand_made (id int primary key)",
        )
        .unwrap();
    let more = ["--since", "last.json", "--ignore", "views"];
    let (exit, said) = audit(folder.path(), &url, &more);
    assert_eq!(exit, 1);
    let second = report(folder.path());
    let names = |list: &str| -> Vec<String> {
        let one = |f: &Value| format!("{} {}", f["rule"].as_str().unwrap(), f["object"]["name"].as_str().unwrap());
        second["audit"][list].as_array().unwrap().iter().map(one).collect()
    };
    let by_print = |print: &Value| {
        let all = second["findings"].as_array().unwrap();
        let one = all.iter().find(|finding| finding["fingerprint"] == *print).unwrap();
        format!("{} {}", one["rule"].as_str().unwrap(), one["object"]["name"].as_str().unwrap())
    };
    let new: Vec<String> = second["audit"]["new"].as_array().unwrap().iter().map(by_print).collect();
    // With row security on, a reference to the table tells who may not read it what is there.
    assert_eq!(
        new,
        [
            "rls/rls-disabled public.hand_made",
            "rls/fk-existence-oracle public.cours_de_route.cours_de_route_transporteur_id_fkey"
        ]
    );
    assert_eq!(
        names("resolved"),
        [
            "rls/policy-without-rls public.transporteurs",
            "rls/rls-disabled public.transporteurs",
            "grants/pii-readable public.transporteurs"
        ]
    );
    // A rule that did not run resolves nothing.
    assert_eq!(names("not_looked_at"), ["views/not-security-invoker public.v_stock_actuel"]);
    assert_eq!(second["audit"]["acknowledged"].as_array().unwrap().len(), 3);
    let open = second["audit"]["still_open"].as_array().unwrap().len();
    assert!(said.contains(&format!("2 new, {open} still open, 3 resolved")), "{said}");
    let page = read(folder.path(), "report.html");
    assert!(page.contains("Found last time, not looked at this time"));
    serde_json::from_str::<Document>(&read(folder.path(), "report.json")).unwrap();

    for (file, wanted) in [("nowhere.json", "nowhere.json"), ("last.md", "last.md")] {
        std::fs::write(folder.path().join("last.md"), "# no JSON").unwrap();
        let arguments = ["audit", "--no-config", "--database-url", &url, "--output-dir", "x", "--since", file];
        let output = run_in(folder.path(), &arguments, &[]);
        assert_eq!(code(&output), 2);
        assert!(err(&output).contains(wanted) && err(&output).contains("no check was performed"), "{}", err(&output));
    }
}

#[test]
fn sarif_of_a_database_has_a_file_and_an_object_for_every_result() {
    let Some(cluster) = pg::own_cluster("-audit-sarif") else { return };
    let (url, _client) = depot(&cluster);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join("gardefou.yaml"), "exposed-schemas: [public]\n").unwrap();
    let output = run_in(folder.path(), &["audit", "--database-url", &url, "-o", "audit"], &[CLOCK]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let sarif: Value = serde_json::from_str(&read(folder.path(), "report.sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 10);
    for result in results {
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "gardefou.yaml", "{result}");
        assert_eq!(place["physicalLocation"]["region"]["startLine"], 1);
        assert!(!place["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap().is_empty());
    }
}

/// Names that would do harm in a page, a terminal, a CI log.
const HOSTILE: &str = r#"
    create schema hostile;
    create table public."<script>document.title='owned'</script>" (id int);
    create table public."<img src=x onerror=document.title='owned'>" (id int);
    create table public."::error::owned" (id int);
    create table public."a`b|c](javascript:x)" (id int);
    create table public.plain (id int);
    alter table public.plain enable row level security;
    create policy "</code></li><h1 id=owned>x" on public.plain for select to public using (true);
"#;

#[test]
fn a_browser_shows_hostile_names_as_text() {
    let Some(cluster) = pg::own_cluster("-audit-html") else { return };
    let (url, mut client) = depot(&cluster);
    client.batch_execute(HOSTILE).unwrap();
    client.batch_execute("create table public.\"r\u{202e}l\u{1b}[31m\" (id int)").unwrap();
    let folder = tempfile::tempdir().unwrap();
    audit(folder.path(), &url, &[]);
    let page = read(folder.path(), "report.html");
    assert!(!page.contains("<script>") && !page.contains("<img ") && !page.contains("<h1 id"));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert!(page.contains("&lt;script&gt;"));
    let map = page.split("id=\"access\"").nth(1).expect("a heat map").split("<h2").next().unwrap();
    assert!(map.contains("<th scope=\"row\">public.citernes</th><td class=\"all\""), "{map}");
    assert!(map.contains(
        "<th scope=\"row\">public.&quot;&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;&quot;</th>"
    ));
    assert!(
        map.contains("policy `&lt;/code&gt;&lt;/li&gt;&lt;h1 id=owned&gt;x`"),
        "a policy's name in a tooltip: {map}"
    );
    for load in ["src=", "@import", "url(", "<link", "<script"] {
        assert!(
            !page.replace("onerror", "").contains(load) || load == "src=" && page.contains("&lt;img src=x"),
            "{load}"
        );
    }
    let markdown = read(folder.path(), "report.md");
    assert!(markdown.lines().all(|line| !line.starts_with("::") && !line.contains('\u{1b}')), "{markdown}");
    for name in ["report.md", "report.html"] {
        let text = read(folder.path(), name);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::error")), "{name}");
    }

    let Some(chromium) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| runs(name)) else {
        println!("skipped: no chromium here to open the page with");
        return;
    };
    let browse = |more: &[&str]| {
        let file = format!("file://{}", folder.path().join("audit/report.html").display());
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let output = Command::new(chromium)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=400,900", &profile])
            .args(more)
            .arg(&file)
            .env("HOME", folder.path())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let dom = browse(&["--dump-dom"]);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    assert!(title.starts_with("Audit of"), "{title}");
    assert!(!dom.contains("<img") && !dom.contains("id=\"owned\""), "no markup of a name became an element");
    assert!(dom.contains("&lt;script&gt;document.title='owned'&lt;/script&gt;"));
    assert_eq!(dom.matches("<h1>").count(), 1);
    let picture = folder.path().join("page.png");
    browse(&["--hide-scrollbars", &format!("--screenshot={}", picture.display())]);
    let png = std::fs::read(&picture).expect("a picture of the page");
    assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
}

fn runs(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
