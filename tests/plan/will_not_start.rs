//! What would keep a PostgreSQL from starting, and what would not.

use dbtune::plan::{HazardKind, Plan};
use dbtune::snapshot::{Answer, Follower, Memory, PostgresqlFacts, Question};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

const WHY: HazardKind = HazardKind::WillNotStart;

/// A server with the settings that the rules are about, at their defaults.
fn server() -> Server {
    [
        Setting::number("max_connections", None, "100"),
        Setting::number("superuser_reserved_connections", None, "3"),
        Setting::number("max_wal_senders", None, "10"),
        Setting::number("max_worker_processes", None, "8"),
        Setting::number("autovacuum_max_workers", None, "3"),
        Setting::number("max_prepared_transactions", None, "0"),
        Setting::number("max_replication_slots", None, "10"),
        Setting::number("port", None, "5432"),
        Setting::shared_buffers(),
        Setting::words("wal_level", &["minimal", "replica", "logical"], "replica"),
        Setting::words("archive_mode", &["off", "on", "always"], "off"),
        Setting::words("huge_pages", &["off", "on", "try"], "try"),
        Setting::words(
            "ssl_min_protocol_version",
            &["", "TLSv1.2", "TLSv1.3"],
            "TLSv1.2",
        ),
        Setting::words("ssl_max_protocol_version", &["", "TLSv1.2", "TLSv1.3"], ""),
        Setting::number("min_wal_size", Some("MB"), "80"),
        Setting::number("max_wal_size", Some("MB"), "1024"),
        Setting::number("wal_segment_size", Some("B"), "16777216"),
        Setting::text("listen_addresses", "localhost"),
        Setting::text("unix_socket_directories", "/run/postgresql"),
        Setting::text("unix_socket_group", ""),
        Setting::text("shared_preload_libraries", ""),
        Setting::text("session_preload_libraries", ""),
        Setting::text("local_preload_libraries", ""),
        Setting::text("dynamic_library_path", "$libdir"),
        Setting::text("hba_file", "/etc/postgresql/15/main/pg_hba.conf"),
        Setting::text("log_directory", "log"),
        Setting::text("log_filename", "postgresql-%a.log"),
        Setting::boolean("logging_collector", "off"),
        Setting::boolean("ssl", "off"),
        Setting::text("ssl_cert_file", "server.crt"),
        Setting::text("ssl_key_file", "server.key"),
        Setting::text("ssl_ca_file", ""),
        Setting::text("recovery_target", ""),
        Setting::text("recovery_target_xid", ""),
    ]
    .into_iter()
    .fold(Server::postgresql("primary"), |server, setting| {
        server.has(setting.restart())
    })
    .has(Setting::work_mem())
}

fn plan(settings: &[&str], server: Server) -> Plan {
    Case::postgresql(settings).on(server).plan()
}

/// The message of the only hazard of this kind on any of these settings.
#[track_caller]
fn refused(settings: &[&str], server: Server) -> String {
    let plan = plan(settings, server);
    let mut messages: Vec<String> = Vec::new();
    for found in plan.all_hazards().filter(|found| found.kind == WHY) {
        assert!(found.blocks);
        if !messages.contains(&found.message) {
            messages.push(found.message.clone());
        }
    }
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.remove(0)
}

#[track_caller]
fn fine(settings: &[&str], server: Server) {
    let plan = plan(settings, server);
    let found: Vec<_> = plan
        .all_hazards()
        .filter(|found| found.kind == WHY)
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(plan.questions.is_empty(), "{:?}", plan.questions);
}

/// A server that is reached at an address, or whose standbys are known.
fn with(mut server: Server, facts: PostgresqlFacts) -> Server {
    server.facts().postgresql = Some(facts);
    server
}

fn unknown() -> Answer {
    Answer::Unknown("role app may not look; GRANT pg_read_server_files TO app".to_owned())
}

fn no(why: &str) -> Answer {
    Answer::No(why.to_owned())
}

#[test]
fn connections_kept_back_must_be_fewer_than_all() {
    assert_eq!(
        refused(&["superuser_reserved_connections: 100"], server()),
        "primary would not start: superuser_reserved_connections (100) must be less than \
         max_connections (100); keep fewer back, or let more in"
    );
    fine(&["superuser_reserved_connections: 99"], server());
    let since_16 = || server().has(Setting::number("reserved_connections", None, "50").restart());
    let why = refused(&["superuser_reserved_connections: 50"], since_16());
    assert!(why.contains("plus reserved_connections (50)"), "{why}");
    fine(&["superuser_reserved_connections: 49"], since_16());
}

#[test]
fn both_settings_that_do_not_go_together_are_told_where_the_plan_writes_both() {
    let settings = ["superuser_reserved_connections: 40", "max_connections: 40"];
    let plan = plan(&settings, server());
    for change in &plan.changes {
        assert!(kinds(change).contains(&WHY), "{}", change.setting);
    }
}

#[test]
fn what_waits_in_the_files_and_stops_the_start_is_told_where_the_plan_needs_a_restart() {
    let server = || {
        server().has(
            Setting::number("superuser_reserved_connections", None, "3")
                .restart()
                .pending("100"),
        )
    };
    let plan = plan(&["shared_buffers: 256MB", "work_mem: 8MB"], server());
    let (blocks, message) = hazard(plan.change("shared_buffers"), WHY);
    assert!(blocks && message.contains("superuser_reserved_connections (100)"));
    assert!(!kinds(plan.change("work_mem")).contains(&WHY));
}

#[test]
fn more_processes_than_the_server_can_have_are_refused() {
    let why = refused(&["max_worker_processes: 262100"], server());
    assert!(why.contains("are 262213 processes together"), "{why}");
    fine(&["max_worker_processes: 262000"], server());
}

#[test]
fn a_minimal_log_has_no_readers() {
    let settings = ["wal_level: minimal", "max_wal_senders: 0"];
    fine(&settings, server());
    let why = refused(&["wal_level: minimal"], server());
    assert!(why.contains("max_wal_senders (10)"), "{why}");
    let archives = server().has(
        Setting::words("archive_mode", &["off", "on"], "off")
            .restart()
            .stored("on"),
    );
    let why = refused(&settings, archives);
    assert!(why.contains("archive_mode (on)"), "{why}");
    let summarises = server().has(Setting::boolean("summarize_wal", "off").stored("on"));
    let why = refused(&settings, summarises);
    assert!(why.contains("summarize_wal (on)"), "{why}");
}

#[test]
fn at_least_two_segments_are_kept_and_the_smaller_may_be_above_the_larger() {
    for name in ["min_wal_size", "max_wal_size"] {
        let why = refused(&[&format!("{name}: 31MB")], server());
        assert!(
            why.contains("at least twice wal_segment_size (16MB)"),
            "{why}"
        );
        fine(&[&format!("{name}: 32MB")], server());
    }
    fine(&["min_wal_size: 2GB"], server());
}

#[test]
fn slots_and_prepared_transactions_need_their_room() {
    let server = || {
        let mut server = server()
            .has(
                Setting::words("wal_level", &["minimal", "replica", "logical"], "replica")
                    .restart()
                    .stored("logical"),
            )
            .has(
                Setting::number("max_prepared_transactions", None, "0")
                    .restart()
                    .stored("5"),
            );
        server.facts().postgresql = Some(PostgresqlFacts {
            physical_slots: Some(1),
            logical_slots: Some(1),
            prepared_transactions: Some(2),
            ..PostgresqlFacts::default()
        });
        server
    };
    let why = refused(&["max_replication_slots: 1"], server());
    assert!(why.contains("it has 2 replication slots"), "{why}");
    fine(&["max_replication_slots: 2"], server());
    let why = refused(&["wal_level: replica"], server());
    assert!(why.contains("1 logical replication slots"), "{why}");
    let why = refused(&["max_prepared_transactions: 1"], server());
    assert!(why.contains("2 prepared transactions"), "{why}");
    fine(&["max_prepared_transactions: 2"], server());
}

#[test]
fn a_library_that_is_not_there_is_asked_for_and_refused() {
    let settings = ["shared_preload_libraries: [pg_stat_statements, nope]"];
    let open = plan(&settings, server());
    let asked = |name: &str| Question::Library(name.to_owned());
    assert_eq!(
        open.questions["primary"],
        [asked("nope"), asked("pg_stat_statements")].into()
    );
    let known = || server().answers(asked("pg_stat_statements"), Answer::Yes);
    let missing = known().answers(asked("nope"), no("and the server finds no such library"));
    assert_eq!(
        refused(&settings, missing),
        "primary would not start: shared_preload_libraries names `nope`, and the server finds no \
         such library; install the package that has it first"
    );
    let why = refused(&settings, known().answers(asked("nope"), unknown()));
    assert!(why.starts_with("cannot be checked: shared_preload_libraries names `nope`"));
    assert!(why.contains("GRANT pg_read_server_files TO app"), "{why}");
    fine(&settings, known().answers(asked("nope"), Answer::Yes));
}

#[test]
fn a_library_that_is_loaded_and_cannot_be_looked_for_is_taken_for_there() {
    let loaded = server()
        .has(
            Setting::text("shared_preload_libraries", "")
                .restart()
                .stored("auto_explain"),
        )
        .answers(Question::Library("auto_explain".to_owned()), unknown())
        .answers(Question::Library("pg_wait".to_owned()), Answer::Yes);
    fine(
        &["shared_preload_libraries: [auto_explain, pg_wait]"],
        loaded,
    );
}

#[test]
fn a_library_without_a_name_stops_the_start() {
    let bricked = server().has(
        Setting::text("shared_preload_libraries", "")
            .restart()
            .pending("\"\""),
    );
    let why = refused(&["shared_buffers: 256MB"], bricked);
    assert!(why.contains("a library without a name"), "{why}");
}

#[test]
fn another_path_for_libraries_is_not_looked_through() {
    let loaded = server().has(
        Setting::text("shared_preload_libraries", "")
            .restart()
            .stored("auto_explain"),
    );
    let loaded = loaded.answers(Question::Library("auto_explain".to_owned()), Answer::Yes);
    let why = refused(&["dynamic_library_path: /opt/lib"], loaded);
    assert!(
        why.contains("dynamic_library_path that is planned"),
        "{why}"
    );
}

#[test]
fn a_library_of_sessions_that_is_not_there_keeps_every_session_out() {
    for (list, asked) in [
        ("session_preload_libraries", "nope"),
        ("local_preload_libraries", "$libdir/plugins/nope"),
    ] {
        let question = Question::Library(asked.to_owned());
        let setting = format!("{list}: nope");
        let missing =
            server().answers(question.clone(), no("and the server finds no such library"));
        let why = refused(&[&setting], missing);
        assert!(why.starts_with("primary would let no session in"), "{why}");
        fine(&[&setting], server().answers(question, Answer::Yes));
    }
}

#[test]
fn huge_pages_that_nobody_has_seen_are_refused_with_how_many_are_needed() {
    let why = refused(&["huge_pages: on"], server());
    assert!(why.contains("about 7"), "{why}");
    assert!(
        why.contains("huge pages of 2.0 MB") || why.contains("huge pages of 2 MB"),
        "{why}"
    );
    fine(&["huge_pages: try"], server());
    let in_use = || {
        server().has(
            Setting::words("huge_pages", &["off", "on", "try"], "try")
                .restart()
                .stored("on"),
        )
    };
    fine(&["shared_buffers: 64MB"], in_use());
    refused(&["shared_buffers: 1GB"], in_use());
    let since_17 = server()
        .has(Setting::words("huge_pages_status", &["off", "on", "unknown"], "unknown").runs("on"));
    fine(&["huge_pages: on"], since_17);
}

#[test]
fn tls_needs_its_files_also_where_the_server_says_that_it_is_on() {
    let file = |name: &str| Question::File(name.to_owned());
    let with = |key: Answer| {
        server()
            .answers(file("server.crt"), Answer::Yes)
            .answers(file("server.key"), key)
    };
    let why = refused(&["ssl: on"], with(no("there is no such file")));
    assert!(why.ends_with("ssl is on and ssl_key_file is server.key: there is no such file"));
    fine(&["ssl: on"], with(Answer::Yes));
    let on = |server: Server| server.has(Setting::boolean("ssl", "off").stored("on"));
    let why = refused(
        &["shared_buffers: 1GB"],
        on(with(no("there is no such file"))),
    );
    assert!(why.contains("ssl_key_file"), "{why}");
    // Who may not look is not held up by what runs already.
    fine(&["shared_buffers: 1GB"], on(with(unknown())));
    fine(&["work_mem: 8MB"], on(server()));
    refused(&["ssl_key_file: ''"], on(with(Answer::Yes)));
}

#[test]
fn the_lowest_protocol_is_not_above_the_highest() {
    let on = || {
        server()
            .has(Setting::boolean("ssl", "off").stored("on"))
            .answers(Question::File("server.crt".to_owned()), Answer::Yes)
            .answers(Question::File("server.key".to_owned()), Answer::Yes)
    };
    let settings = |lowest: &str| {
        vec![
            format!("ssl_min_protocol_version: {lowest}"),
            "ssl_max_protocol_version: TLSv1.2".to_owned(),
        ]
    };
    let high = settings("TLSv1.3");
    let high: Vec<&str> = high.iter().map(String::as_str).collect();
    let why = refused(&high, on());
    assert!(
        why.contains("is above ssl_max_protocol_version (TLSv1.2)"),
        "{why}"
    );
    let same = settings("TLSv1.2");
    let same: Vec<&str> = same.iter().map(String::as_str).collect();
    fine(&same, on());
}

#[test]
fn of_the_addresses_one_must_be_known_to_work() {
    let why = refused(&["listen_addresses: 192.0.2.1"], server());
    assert!(
        why.contains("whether 192.0.2.1 is an address of the machine of primary"),
        "{why}"
    );
    for good in [
        "'*'",
        "192.0.2.1, 127.0.0.1",
        "'::'",
        "localhost",
        "0.0.0.0",
    ] {
        fine(&[&format!("listen_addresses: {good}")], server());
    }
    let mut reached = server();
    reached.facts().postgresql = Some(PostgresqlFacts {
        server_address: Some("192.0.2.1".to_owned()),
        ..PostgresqlFacts::default()
    });
    fine(&["listen_addresses: 192.0.2.1"], reached);
    fine(&["listen_addresses: ''"], server());
    let without_socket = server().has(Setting::text("unix_socket_directories", "").restart());
    let why = refused(&["listen_addresses: ''"], without_socket);
    assert!(why.contains("it would listen nowhere"), "{why}");
}

#[test]
fn every_new_folder_of_sockets_must_be_there() {
    let folder = Question::Folder("/nowhere".to_owned());
    let settings = ["unix_socket_directories: [/run/postgresql, /nowhere]"];
    let missing = server().answers(folder.clone(), no("there is no such folder"));
    let why = refused(&settings, missing);
    assert!(
        why.contains("unix_socket_directories has /nowhere: there is no such folder"),
        "{why}"
    );
    fine(&settings, server().answers(folder, Answer::Yes));
    let long = format!("/{}", "long".repeat(30));
    let answered = server().answers(Question::Folder(long.clone()), Answer::Yes);
    let why = refused(&[&format!("unix_socket_directories: {long}")], answered);
    assert!(why.contains("at most 107 bytes"), "{why}");
}

#[test]
fn a_port_and_a_group_of_which_nobody_knows_are_not_promised() {
    let why = refused(&["port: 5433"], server());
    assert!(why.contains("whether port 5433 is free"), "{why}");
    let why = refused(&["unix_socket_group: dba"], server());
    assert!(why.contains("has a group dba"), "{why}");
}

#[test]
fn the_file_that_lets_people_in_must_be_there() {
    let file = Question::File("/etc/other_hba.conf".to_owned());
    let settings = ["hba_file: /etc/other_hba.conf"];
    let why = refused(
        &settings,
        server().answers(file.clone(), no("there is no such file")),
    );
    assert!(
        why.contains("hba_file is /etc/other_hba.conf: there is no such file"),
        "{why}"
    );
    let why = refused(&settings, server().answers(file, Answer::Yes));
    assert!(why.starts_with("cannot be checked: "), "{why}");
    assert!(why.contains("whether it lets dbtune in"), "{why}");
    let why = refused(&["hba_file: other_hba.conf"], server());
    assert!(why.contains("write the whole path"), "{why}");
}

#[test]
fn of_the_folder_for_the_log_only_the_last_part_may_be_missing() {
    let settings = ["logging_collector: on", "log_directory: /var/nowhere/log"];
    let with = |whole: Answer, above: Answer| {
        server()
            .answers(Question::Folder("/var/nowhere/log".to_owned()), whole)
            .answers(Question::Folder("/var/nowhere".to_owned()), above)
    };
    let missing = || no("there is no such folder");
    let why = refused(&settings, with(missing(), missing()));
    assert!(
        why.contains("the server makes only the last part of it"),
        "{why}"
    );
    fine(&settings, with(missing(), Answer::Yes));
    fine(&settings, with(Answer::Yes, Answer::Yes));
    let why = refused(&settings, with(unknown(), unknown()));
    assert!(why.starts_with("cannot be checked"), "{why}");
    let in_data = server().answers(Question::Folder("log".to_owned()), missing());
    fine(&["logging_collector: on"], in_data);
    fine(&["log_directory: /var/nowhere/log"], server());
}

#[test]
fn there_is_one_point_to_recover_to() {
    let settings = ["recovery_target: immediate", "recovery_target_xid: '5'"];
    let why = refused(&settings, server());
    assert!(
        why.contains("at most one of recovery_target, recovery_target_xid"),
        "{why}"
    );
    fine(&["recovery_target: immediate"], server());
}

#[test]
fn more_shared_memory_than_the_machine_has_cannot_be_mapped() {
    let small = || {
        let mut server = server();
        server.facts().memory = Some(Memory {
            bytes: 2 << 30,
            from: "/proc/meminfo".to_owned(),
            is_own_limit: false,
            is_stated: false,
        });
        server
    };
    let why = refused(&["shared_buffers: 2GB"], small());
    assert!(
        why.contains("of shared memory, and /proc/meminfo gives it 2 GB"),
        "{why}"
    );
    fine(&["shared_buffers: 512MB"], small());
}

#[test]
fn a_folder_in_the_name_of_the_log_must_be_there() {
    let settings = ["logging_collector: on", "log_filename: a/b.log"];
    let with = |answer: Answer| {
        let log = server().answers(Question::Folder("log".to_owned()), Answer::Yes);
        log.answers(Question::Folder("log/a".to_owned()), answer)
    };
    fine(&settings, with(Answer::Yes));
    let why = refused(&settings, with(no("there is no such folder")));
    assert!(
        why.contains("primary would not start: log_filename is a/b.log"),
        "{why}"
    );
    let why = refused(
        &["logging_collector: on", "log_filename: '%Y/b.log'"],
        with(Answer::Yes),
    );
    assert!(
        why.contains("cannot be checked: whether log/%Y is there"),
        "{why}"
    );
    fine(&["log_filename: a/b.log"], server());
}

#[test]
fn the_address_at_which_dbtune_is_connected_stays_open() {
    let at = |address: &str| {
        let facts = PostgresqlFacts {
            server_address: Some(address.to_owned()),
            ..PostgresqlFacts::default()
        };
        let running = Setting::text("listen_addresses", "*");
        with(server().has(running.restart()), facts)
    };
    for (there, shut) in [
        ("127.0.0.1", "''"),
        ("127.0.0.1", "'::1'"),
        ("127.0.0.1", "'::'"),
        ("::1", "0.0.0.0"),
        ("192.0.2.1", "localhost"),
        ("127.0.0.2", "localhost"),
    ] {
        let why = refused(&[&format!("listen_addresses: {shut}")], at(there));
        assert!(
            why.contains(&format!("dbtune is connected at {there}")),
            "{why}"
        );
        assert!(why.starts_with("primary would start, "), "{why}");
    }
    for (there, open) in [
        ("127.0.0.1", "localhost"),
        ("::1", "localhost"),
        ("127.0.0.1", "0.0.0.0"),
        ("192.0.2.1", "127.0.0.1, 192.0.2.1"),
        ("2001:db8::1", "'::'"),
    ] {
        fine(&[&format!("listen_addresses: {open}")], at(there));
    }
    let why = refused(
        &["listen_addresses: 'localhost, db.example.com'"],
        at("192.0.2.1"),
    );
    assert!(why.starts_with("cannot be checked: "), "{why}");
    let named = Setting::text("listen_addresses", "db.example.com").restart();
    fine(
        &["listen_addresses: 'localhost, db.example.com'"],
        at("192.0.2.1").has(named),
    );
}

#[test]
fn an_address_that_waits_in_the_files_is_told_where_the_plan_needs_a_restart() {
    let facts = PostgresqlFacts {
        server_address: Some("127.0.0.1".to_owned()),
        ..PostgresqlFacts::default()
    };
    let waiting = Setting::text("listen_addresses", "localhost")
        .restart()
        .pending("::1");
    let server = with(server().has(waiting), facts);
    let why = refused(&["shared_buffers: 256MB"], server.clone());
    assert!(why.contains("dbtune is connected at 127.0.0.1"), "{why}");
    fine(&["work_mem: 8MB"], server);
}

#[test]
fn the_folder_of_the_socket_by_which_dbtune_is_connected_stays() {
    let by = |folder: &str| {
        let tmp = Question::Folder("/tmp".to_owned());
        let mut server = server().answers(tmp, Answer::Yes);
        server.snapshot.address = format!("{folder}/.s.PGSQL.5432");
        server
    };
    let why = refused(&["unix_socket_directories: /tmp"], by("/run/postgresql"));
    assert!(why.starts_with("primary would start, "), "{why}");
    assert!(why.contains("by the socket in /run/postgresql"), "{why}");
    let both = ["unix_socket_directories: [/run/postgresql, /tmp]"];
    fine(&both, by("/run/postgresql"));
    fine(&both, by("/var/run/postgresql"));
    let why = refused(
        &["unix_socket_directories: /tmp"],
        by("/var/run/postgresql"),
    );
    assert!(why.starts_with("cannot be checked: "), "{why}");
}

#[test]
fn a_timeout_leaves_dbtune_the_time_to_take_it_back() {
    for name in [
        "statement_timeout",
        "transaction_timeout",
        "idle_session_timeout",
    ] {
        let server = || server().has(Setting::number(name, Some("ms"), "0"));
        let why = refused(&[&format!("{name}: 999ms")], server());
        assert!(why.contains("would end dbtune's own sessions"), "{why}");
        fine(&[&format!("{name}: 1s")], server());
    }
}

#[test]
fn commits_wait_for_no_more_standbys_than_follow() {
    let follower = |name: &str| Follower {
        name: name.to_owned(),
        address: None,
        state: "streaming".to_owned(),
    };
    let server = || {
        let facts = PostgresqlFacts {
            standbys: vec![follower("one"), follower("two")],
            ..PostgresqlFacts::default()
        };
        let names = Setting::text("synchronous_standby_names", "");
        with(server().has(names), facts)
    };
    for hangs in [
        "'FIRST 3 (*)'",
        "three",
        "'ANY 2 (one, three)'",
        "'3 (one, two, three)'",
    ] {
        let why = refused(&[&format!("synchronous_standby_names: {hangs}")], server());
        assert!(why.contains("every commit on primary would hang"), "{why}");
    }
    for good in [
        "'*'",
        "'ANY 2 (one, two, three)'",
        "'three, \"two\"'",
        "'FIRST 1(ONE)'",
    ] {
        fine(&[&format!("synchronous_standby_names: {good}")], server());
    }
}
