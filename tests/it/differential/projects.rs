//! `GARDEFOU_TEST_CORPUS=folder`: each folder in it is a project; the files a server takes whole are folded, and all facts
//! compared.

use std::path::Path;
use std::time::Instant;

use gardefou::check::CheckConfig;
use gardefou::live::{Server, prepare};

use super::{doubtful, in_meaning, mentions, printed};
use crate::support::project::{Project, folders, is_stand_in};

/// Differences that are right, each with its reason; a line is explained where it contains all the words.
const LEDGER: &[(&[&str], &str)] = &[
    (
        &["auth.enforce_email_otp_for_mfa()"],
        "dropped by a block that asks pg_depend; Coverage says that it may be gone",
    ),
    (
        &["storage.s3_multipart_uploads", "by supabase_storage_admin"],
        "revoked from a role that only a setting of the server names; Coverage says that privileges may have changed",
    ),
];

fn project(folder: &Path, at: usize) -> Option<(Vec<String>, usize)> {
    let started = Instant::now();
    let mut project = Project::apply(folder, &format!("-project-{at}"))?;
    let history = project.fold();
    project.client.batch_execute("begin").unwrap();
    let (mut lines, mut read, facts) = printed(&mut project.client, &history);
    // As `gardefou diff` does.
    let mut check = CheckConfig::default();
    let configured = crate::support::CONFIGURED;
    let _ = prepare(&mut read, &Server::default(), Some(project.platform), &mut check, configured);
    lines.extend(in_meaning(&history, read));
    let doubtful = doubtful(&history.catalog);
    lines.retain(|line| !is_stand_in(line) && !doubtful.iter().any(|name| mentions(line, name)));
    println!(
        "{}: {} of {} files, {facts} facts, {} differ, {:.1} s",
        folder.file_name().map_or_else(Default::default, |name| name.to_string_lossy()),
        project.set.files.len(),
        project.total,
        lines.len(),
        started.elapsed().as_secs_f64()
    );
    Some((lines, facts))
}

#[test]
fn projects_fold_as_the_server_runs_them() {
    let (mut all, mut facts) = (Vec::new(), 0);
    for (at, folder) in folders().iter().enumerate() {
        let Some((lines, compared)) = project(folder, at) else { continue };
        let explained = |line: &&String| LEDGER.iter().any(|(words, _)| words.iter().all(|word| line.contains(word)));
        let left: Vec<&String> = lines.iter().filter(|line| !explained(line)).collect();
        left.iter().for_each(|line| println!("  {line}"));
        all.extend(left.into_iter().cloned());
        facts += compared;
    }
    println!("{facts} facts compared, {} differ", all.len());
    assert!(all.is_empty(), "{} of {facts} facts differ", all.len());
}
