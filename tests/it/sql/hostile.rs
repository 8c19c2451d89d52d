//! Input that wants to break the reader: it must come back with statements or clean errors, soon, on a small stack.

use std::time::{Duration, Instant};

use gardefou::sql::{self, ParsedFile};

/// Reads `text` on a stack of 2 MiB, as worker threads have, and walks what came out.
fn read(name: &str, text: String) -> ParsedFile {
    let started = Instant::now();
    let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let file = sql::parse(&text);
        let copy = file.clone();
        assert_eq!(copy, file);
        drop(copy);
        file
    });
    let file = worker.expect("a thread").join().unwrap_or_else(|_| panic!("{name}: panicked"));
    assert!(started.elapsed() < Duration::from_secs(60), "{name}: took {:?}", started.elapsed());
    file
}

/// Ways to nest `depth` deep.
fn nested(depth: usize) -> Vec<(&'static str, String)> {
    let around =
        |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
    let select = |expr: String| format!("select {expr};");
    vec![
        ("parentheses", select(around("(", "1", ")"))),
        ("calls", select(around("f(", "1", ")"))),
        ("arrays", select(around("array[", "1", "]"))),
        ("subscripts", select(format!("a{}", "[1]".repeat(depth)))),
        ("nested subscripts", select(around("a[", "1", "]"))),
        ("case", select(around("case when true then ", "1", " end"))),
        ("not", select(format!("{}true", "not ".repeat(depth)))),
        ("minus", select(format!("{}1", "- ".repeat(depth)))),
        ("and", select(format!("true{}", " and true".repeat(depth)))),
        ("or", select(format!("true{}", " or a = 1".repeat(depth)))),
        ("plus", select(format!("1{}", " + 1".repeat(depth)))),
        ("concat", select(format!("'a'{}", " || 'a'".repeat(depth)))),
        ("casts", select(format!("1{}", "::int".repeat(depth)))),
        ("is null", select(format!("1{}", " is null".repeat(depth)))),
        ("collate", select(format!("a{}", " collate c".repeat(depth)))),
        ("at time zone", select(format!("a{}", " at time zone 'x'".repeat(depth)))),
        ("fields", select(format!("a{}", ".b".repeat(depth)))),
        ("subqueries", around("select (", "select 1", ")")),
        ("from", around("select * from (", "select 1", ") x")),
        ("exists", around("select 1 where exists (", "select 1", ")")),
        ("union", format!("select 1{}", " union select 1".repeat(depth))),
        ("with", around("with a as (", "select 1", ") select 1")),
        ("joins", format!("select 1 from a{}", " join b on true".repeat(depth))),
        ("nested joins", format!("select 1 from {}", around("(a join ", "b", " on true)"))),
        ("policy", format!("create policy p on t using {};", around("(", "true", ")"))),
        ("check", format!("create table t (a int check {});", around("(", "a > 1", ")"))),
        ("comments", around("/*", " ", "*/")),
        ("unclosed", "(".repeat(depth)),
        ("unclosed case", format!("select {}", "case when ".repeat(depth))),
        ("closed only", ")".repeat(depth)),
        ("semicolons in brackets", "(;".repeat(depth)),
        ("braces", "{{".repeat(depth)),
        ("dollars", "$a$ $b".repeat(depth)),
        ("backslashes", "\\".repeat(depth)),
        ("quotes in templates", "\"{{".repeat(depth)),
        ("colons", ":a".repeat(depth)),
        ("continued strings", format!("select {}", "'a'\n".repeat(depth))),
        ("array types", format!("create table t (a int{})", "[]".repeat(depth))),
    ]
}

#[test]
fn moderate_nesting_is_read() {
    for (name, text) in [40, 140].into_iter().flat_map(nested) {
        let broken = ["unclosed", "unclosed case", "closed only", "semicolons in brackets", "braces", "dollars"];
        let broken = broken.contains(&name) || ["backslashes", "quotes in templates", "colons"].contains(&name);
        let file = read(name, text);
        assert_eq!(file.errors.is_empty(), !broken, "{name}: {:?}", file.errors.first());
    }
}

#[test]
fn long_flat_chains_are_read() {
    for (depth, names) in
        [(10_000, ["and", "or", "comments", "continued strings"]), (900, ["parentheses", "policy", "check", "and"])]
    {
        for (name, text) in nested(depth).into_iter().filter(|(name, _)| names.contains(name)) {
            let file = read(name, text);
            assert_eq!(file.errors, [], "{name}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_cleanly() {
    let garbage = ["closed only", "semicolons in brackets", "braces", "dollars", "backslashes", "quotes in templates"];
    let garbage = |name: &str| garbage.contains(&name) || ["colons", "continued strings"].contains(&name);
    let deepest = ["parentheses", "not", "and", "unclosed"];
    for depth in [10_000, 100_000, 1_000_000] {
        let wanted =
            |name: &str| depth == 10_000 || if depth == 100_000 { !garbage(name) } else { deepest.contains(&name) };
        for (name, text) in nested(depth).into_iter().filter(|(name, _)| wanted(name)) {
            let file = read(name, text);
            let seen = file.statements.len() + file.errors.len() + file.comments.len();
            assert!(seen > 0 || !file.commands.is_empty() || name == "backslashes", "{name}: nothing said");
        }
    }
}

#[test]
fn unfinished_constructs_reach_to_the_end() {
    let endings =
        ["'", "E'\\", "U&'", "b'", "$$", "$tag$", "\"", "U&\"", "/*", "(", "[", "{{", ":'", ":\"", "\\", "$", "--"];
    for ending in endings {
        for text in
            [ending.to_owned(), format!("select 1; select {ending}"), format!("create policy p on t using (a {ending}")]
        {
            let file = read(ending, text.clone());
            for error in &file.errors {
                assert!(
                    error.span.end as usize <= text.len() && error.span.start <= error.span.end,
                    "{text}: {error:?}"
                );
            }
        }
    }
}

/// Reads `text`; whatever is said about it must lie inside it.
fn survives(text: &str) {
    let file = sql::parse(text);
    let spans =
        file.statements.iter().map(|statement| statement.span).chain(file.errors.iter().map(|error| error.span));
    for span in spans {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{text}: {span:?}");
    }
}

#[test]
fn every_prefix_and_every_hole_of_a_file_is_survived() {
    let text = "create policy \"é\" on t for select to a using (exists (select 1 from u where u.x = $1));\n\
                create function f() returns int language sql as $b$ select 'ü' $b$;\n\
                copy t from stdin;\n1\n\\.\n\\ir x\nselect {{ a }}, :b, :'c' /* x */ from d;";
    for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
        survives(&text[..at]);
        survives(&text[at..]);
        let next = (at + 1..=text.len()).find(|next| text.is_char_boundary(*next)).unwrap_or(at);
        survives(&format!("{}{}", &text[..at], &text[next..]));
        survives(&format!("{}\0{}", &text[..at], &text[at..]));
    }
}

#[test]
fn odd_files_are_read() {
    assert_eq!(read("empty", String::new()), ParsedFile::default());
    let crlf = read("crlf", "\u{feff}create table t (\r\n a int -- x\r\n);\r\nselect 1\r\n".to_owned());
    assert_eq!((crlf.statements.len(), crlf.errors.len()), (2, 0));
    let nul = read("nul", "select 1; select \0 2; select 3;".to_owned());
    assert_eq!((nul.statements.len(), nul.errors.len()), (2, 1));
    let line = read(
        "one long line",
        format!("insert into t values {};", vec![format!("(1, '{}')", "x".repeat(1000)); 5_000].join(",")),
    );
    assert_eq!((line.statements.len(), line.errors.len()), (1, 0));
    let many = read("many statements", "select 1;".repeat(20_000));
    assert_eq!(many.statements.len(), 20_000);
}

#[test]
fn a_dump_is_read() {
    let dump = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abcDEF\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\n\
        SELECT pg_catalog.set_config('search_path', '', false);\n\
        CREATE FUNCTION public.f(a integer DEFAULT 1) RETURNS trigger\n    LANGUAGE plpgsql SECURITY DEFINER\n    SET search_path TO 'public', 'pg_temp'\n    AS $$\nbegin return new; end\n$$;\n\
        ALTER FUNCTION public.f(a integer) OWNER TO postgres;\n\
        CREATE TABLE public.t (\n    id bigint NOT NULL,\n    n text DEFAULT 'x'::text,\n    CONSTRAINT c CHECK ((char_length(n) > 1))\n);\n\
        ALTER TABLE ONLY public.t FORCE ROW LEVEL SECURITY;\n\
        ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (\n    SEQUENCE NAME public.t_id_seq\n    START WITH 1\n    INCREMENT BY 1\n    NO MINVALUE\n    NO MAXVALUE\n    CACHE 1\n);\n\
        COPY public.t (id, n) FROM stdin;\n1\ta;b\n\\.\n\n\
        ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);\n\
        CREATE INDEX i ON public.t USING gin (n public.gin_trgm_ops) WHERE (n IS NOT NULL);\n\
        CREATE TRIGGER g BEFORE UPDATE OF n ON public.t FOR EACH ROW WHEN ((old.n IS DISTINCT FROM new.n)) EXECUTE FUNCTION public.f();\n\
        CREATE POLICY p ON public.t USING ((id = ( SELECT auth.uid() AS uid)));\n\
        GRANT ALL ON FUNCTION public.f(a integer) TO anon;\n\
        ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO anon;\n\
        \\unrestrict abcDEF\n";
    let file = read("dump", dump.to_owned());
    assert_eq!(file.errors, []);
    assert_eq!(file.statements.len(), 15);
    assert_eq!(file.commands.len(), 2);
}
