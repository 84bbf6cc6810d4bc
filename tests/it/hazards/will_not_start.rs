//! Every value that was seen to keep a server from starting, on a server that runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use dbtune::snapshot::{Answer, Question};

use super::desk::{Desk, every_version, give_to_the_owner_of};
use crate::engine::door::Door;
use crate::support::{PASSWORD, Postgres};

const WHY: &str = "will_not_start";

#[test]
fn values_that_do_not_go_together_are_refused_on_every_version() {
    for bin in every_version() {
        let since_16 = bin.version() >= &[16];
        let since_17 = bin.version() >= &[17];
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "superuser_reserved_connections: 30",
            WHY,
            "(30) must be less than max_connections (30)",
        );
        desk.lets_pass("superuser_reserved_connections: 5", WHY);
        if since_16 {
            desk.refuses(
                "superuser_reserved_connections: 10\nreserved_connections: 20",
                WHY,
                "plus reserved_connections (20)",
            );
        }
        desk.refuses("wal_level: minimal", WHY, "max_wal_senders (10)");
        desk.lets_pass("wal_level: minimal\nmax_wal_senders: 0", WHY);
        desk.refuses(
            "wal_level: minimal\nmax_wal_senders: 0\narchive_mode: on",
            WHY,
            "archive_mode (on)",
        );
        if since_17 {
            desk.refuses(
                "wal_level: minimal\nmax_wal_senders: 0\nsummarize_wal: on",
                WHY,
                "summarize_wal (on)",
            );
        }
        desk.refuses("min_wal_size: 16MB", WHY, "at least twice wal_segment_size");
        desk.refuses("max_wal_size: 16MB", WHY, "at least twice wal_segment_size");
        desk.lets_pass("min_wal_size: 2GB", WHY);
        desk.refuses(
            "recovery_target: immediate\nrecovery_target_xid: '5'",
            WHY,
            "at most one of",
        );
    }
}

#[test]
fn what_does_not_stop_a_start_starts_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        let settings = "min_wal_size: 2GB\nmax_wal_size: 64MB\nautovacuum_max_workers: 20\n\
                        ident_file: /nowhere/ident\nlisten_addresses: 'localhost, 192.0.2.1'";
        desk.lets_pass(settings, WHY);
        desk.dbtune("apply --yes --restart").exits(0);
    }
}

#[test]
fn libraries_that_are_not_there_are_refused_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "shared_preload_libraries: [auto_explain, nope]",
            WHY,
            "shared_preload_libraries names `nope`, and the server finds no such library",
        );
        desk.refuses(
            "session_preload_libraries: nope",
            WHY,
            "would let no session in",
        );
        desk.refuses(
            "local_preload_libraries: auto_explain",
            WHY,
            "would let no session in",
        );
        desk.refuses(
            "shared_preload_libraries: [$libdir/nope]",
            WHY,
            "names `$libdir/nope`",
        );
        desk.lets_pass("session_preload_libraries: auto_explain", WHY);
        let settings = "shared_preload_libraries: [auto_explain, $libdir/pg_stat_statements]";
        desk.lets_pass(settings, WHY);
        desk.dbtune("apply --yes --restart").exits(0);
        desk.refuses(
            "dynamic_library_path: /nowhere",
            WHY,
            "cannot be checked: whether the libraries of shared_preload_libraries",
        );
    }
}

#[test]
fn a_list_of_libraries_that_was_emptied_by_hand_is_told_before_the_restart() {
    let desk = Desk::open();
    desk.postgres
        .sql("ALTER SYSTEM SET shared_preload_libraries = ''");
    desk.refuses("shared_buffers: 32MB", WHY, "a library without a name");
    desk.lets_pass("work_mem: 8MB", WHY);
    desk.postgres
        .sql("ALTER SYSTEM RESET shared_preload_libraries");
    desk.lets_pass("shared_buffers: 32MB", WHY);
}

#[test]
fn tls_without_certificate_is_refused_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        if desk.postgres.sql("ALTER SYSTEM SET ssl = 'off'").is_empty() {
            desk.postgres.sql("ALTER SYSTEM RESET ssl");
        }
        desk.refuses(
            "ssl: on",
            WHY,
            "ssl is on and ssl_cert_file is server.crt: there is no such file",
        );
        // A reload says that it is on. The next start would fail all the same.
        desk.postgres.sql("ALTER SYSTEM SET ssl = 'on'");
        desk.postgres.sql("SELECT pg_reload_conf()");
        crate::support::eventually("the reload", || desk.postgres.show("ssl") == "on");
        desk.refuses("shared_buffers: 32MB", WHY, "ssl_cert_file is server.crt");
        for file in ["server.crt", "server.key"] {
            fs::write(desk.postgres.data().join(file), "not looked into").unwrap();
        }
        desk.lets_pass("shared_buffers: 32MB", WHY);
        desk.refuses("ssl_ca_file: /nowhere/ca.crt", WHY, "there is no such file");
        desk.refuses("ssl_ca_file: /tmp", WHY, "that is a folder");
        desk.refuses(
            "ssl_min_protocol_version: TLSv1.3\nssl_max_protocol_version: TLSv1.2",
            WHY,
            "is above ssl_max_protocol_version (TLSv1.2)",
        );
    }
}

#[test]
fn addresses_ports_and_folders_of_sockets_are_refused_unless_they_were_seen_to_work() {
    let desk = Desk::open();
    desk.refuses(
        "listen_addresses: 192.0.2.1",
        WHY,
        "whether 192.0.2.1 is an address of the machine",
    );
    desk.lets_pass("listen_addresses: '*'", WHY);
    desk.refuses(
        "unix_socket_directories: /nowhere",
        WHY,
        "unix_socket_directories has /nowhere: there is no such folder",
    );
    desk.lets_pass("unix_socket_directories: /tmp", WHY);
    desk.refuses("port: 5433", WHY, "whether port 5433 is free");
    desk.refuses("unix_socket_group: nobody", WHY, "has a group nobody");
}

#[test]
fn what_would_shut_dbtune_out_of_a_server_that_runs_is_refused_on_every_version() {
    for bin in every_version() {
        let version = bin.version().to_vec();
        let desk = Desk::of(Postgres::with_bin(bin).start());
        for shut in ["''", "'::1'"] {
            let shut = format!("listen_addresses: {shut}");
            desk.refuses(&shut, WHY, "dbtune is connected at 127.0.0.1");
        }
        let other = desk.postgres.data().join("other_hba.conf");
        fs::write(&other, "local all all reject\n").unwrap();
        give_to_the_owner_of(&desk.postgres.data(), &other);
        desk.refuses(
            &format!("hba_file: {}", other.display()),
            WHY,
            "whether it lets dbtune in",
        );
        let since = [
            ("statement_timeout", 13),
            ("idle_session_timeout", 14),
            ("transaction_timeout", 17),
        ];
        for (name, _) in since.iter().filter(|(_, since)| version >= vec![*since]) {
            let why = "would end dbtune's own sessions";
            desk.refuses(&format!("{name}: 20ms"), WHY, why);
            desk.lets_pass(&format!("{name}: 5s"), WHY);
        }
        desk.refuses(
            "synchronous_standby_names: nobody",
            WHY,
            "every commit on postgresql would hang",
        );
        desk.lets_pass("listen_addresses: localhost\nstatement_timeout: 5s", WHY);
        desk.dbtune("apply --yes --restart").exits(0);
        desk.dbtune("rollback --yes --restart").exits(0);
    }
}

#[test]
fn the_socket_by_which_dbtune_is_connected_is_not_taken_away() {
    let postgres = Postgres::start();
    let folders = postgres.show("unix_socket_directories");
    let path = folders.trim_matches('"').to_owned();
    let desk = Desk::by_socket(postgres, &path);
    desk.refuses(
        "unix_socket_directories: /tmp",
        WHY,
        &format!("dbtune is connected by the socket in {path}"),
    );
    let both = format!("unix_socket_directories: [/tmp, {path}]");
    desk.lets_pass(&both, WHY);
    desk.lets_pass("listen_addresses: ''", WHY);
    desk.dbtune("apply --yes --restart").exits(0);
}

#[test]
fn a_folder_in_the_name_of_the_log_is_refused_unless_it_is_there_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        let settings = "logging_collector: on\nlog_filename: a/b";
        desk.refuses(
            settings,
            WHY,
            "log_filename is a/b, and the server makes no folder",
        );
        desk.refuses(
            "logging_collector: on\nlog_filename: '%Y/b'",
            WHY,
            "cannot be checked: whether log/%Y is there",
        );
        for folder in ["log", "log/a"] {
            let folder = desk.postgres.data().join(folder);
            fs::create_dir(&folder).unwrap();
            give_to_the_owner_of(&desk.postgres.data(), &folder);
        }
        desk.lets_pass(settings, WHY);
        desk.dbtune("apply --yes --restart").exits(0);
    }
}

#[test]
fn files_and_folders_that_are_not_there_are_refused_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "hba_file: /nowhere/pg_hba.conf",
            WHY,
            "hba_file is /nowhere/pg_hba.conf: there is no such file",
        );
        desk.refuses("hba_file: pg_ident.conf", WHY, "write the whole path");
        let there = desk.postgres.data().join("pg_hba.conf");
        fs::copy(&there, desk.postgres.data().join("other_hba.conf")).unwrap();
        let other = desk.postgres.data().join("other_hba.conf");
        let mode = fs::metadata(&there).unwrap().permissions();
        fs::set_permissions(&other, mode).unwrap();
        desk.refuses(
            "logging_collector: on\nlog_directory: /nowhere/log",
            WHY,
            "the server makes only the last part of it",
        );
        desk.lets_pass("log_directory: /nowhere/log", WHY);
        desk.dbtune("apply --yes").exits(0);
        desk.lets_pass("logging_collector: on\nlog_directory: log", WHY);
        desk.dbtune("apply --yes --restart").exits(0);
    }
}

#[test]
fn a_file_that_the_server_may_not_read_is_not_as_good_as_there() {
    let desk = Desk::open();
    let path = desk.postgres.data().join("locked_hba.conf");
    fs::copy(desk.postgres.data().join("pg_hba.conf"), &path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    desk.refuses(
        &format!("hba_file: {}", path.display()),
        WHY,
        "Permission denied",
    );
}

#[test]
fn memory_and_huge_pages_that_are_not_there_are_refused_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses("shared_buffers: 4TB", WHY, "of shared memory");
        desk.refuses("huge_pages: on", WHY, "huge pages of 2 MB free");
        desk.lets_pass("huge_pages: off", WHY);
    }
}

#[test]
fn slots_and_prepared_transactions_on_disk_are_counted_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(
            Postgres::with_bin(bin)
                .setting("wal_level = logical")
                .setting("max_prepared_transactions = 5")
                .statement("SELECT pg_create_logical_replication_slot('l', 'pgoutput')")
                .statement("SELECT pg_create_physical_replication_slot('p')")
                .start(),
        );
        let mut client = desk.postgres.client();
        client
            .batch_execute("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'x'")
            .unwrap();
        desk.refuses("max_replication_slots: 1", WHY, "2 replication slots");
        desk.refuses("wal_level: replica", WHY, "1 logical replication slots");
        desk.refuses(
            "wal_level: minimal\nmax_wal_senders: 0",
            WHY,
            "1 physical replication slots",
        );
        desk.refuses(
            "max_prepared_transactions: 0",
            WHY,
            "1 prepared transactions",
        );
        desk.lets_pass(
            "max_prepared_transactions: 1\nmax_replication_slots: 2",
            WHY,
        );
        desk.dbtune("apply --yes --restart").exits(0);
    }
}

#[test]
fn where_the_role_may_not_look_the_host_answers_if_the_server_is_on_it() {
    let postgres = Postgres::setup()
        .statement(&format!("CREATE ROLE tuner LOGIN PASSWORD '{PASSWORD}'"))
        .statement("GRANT pg_monitor TO tuner")
        .start();
    let hba = postgres.data().join("pg_hba.conf");
    let desk = Desk::of_role(postgres, "tuner");
    let mut door = Door::open(&desk.postgres.url_of("tuner", "postgres"));
    let mut ask = |question: Question| door.engine.answer(&question).unwrap();
    let missing = ask(Question::File("/nowhere/pg_hba.conf".to_owned()));
    assert_eq!(missing, Answer::No("there is no such file".to_owned()));
    let there = ask(Question::File(hba.display().to_string()));
    assert_eq!(there, Answer::Yes);
    let relative = ask(Question::Folder("base".to_owned()));
    assert_eq!(relative, Answer::Yes);
    let locked = desk.postgres.data().join("locked");
    fs::write(&locked, "").unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o000)).unwrap();
    let locked = ask(Question::File("locked".to_owned()));
    assert!(matches!(locked, Answer::Unknown(why) if why.contains("cannot be seen")));
    let library = ask(Question::Library("/nowhere/lib.so".to_owned()));
    assert!(matches!(library, Answer::No(_)), "{library:?}");
}

#[test]
fn a_role_that_may_not_look_is_told_what_is_missing_and_the_grants_supply_it() {
    for bin in every_version() {
        let postgres = Postgres::with_bin(bin)
            .statement(&format!("CREATE ROLE tuner LOGIN PASSWORD '{PASSWORD}'"))
            .statement("GRANT pg_read_all_settings TO tuner")
            .statement("GRANT SELECT ON pg_file_settings TO tuner")
            .statement("GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO tuner")
            .statement("GRANT EXECUTE ON FUNCTION pg_reload_conf() TO tuner")
            .start();
        let since_15 = postgres
            .value("SHOW server_version_num")
            .parse::<u32>()
            .unwrap()
            >= 150_000;
        if !since_15 {
            // Only a superuser may write there, and a superuser may look.
            continue;
        }
        for name in ["shared_preload_libraries", "hba_file"] {
            postgres.sql(&format!("GRANT ALTER SYSTEM ON PARAMETER {name} TO tuner"));
        }
        let desk = Desk::of_role(postgres, "tuner");
        // An extension of that name could be created: that everybody may see.
        desk.lets_pass("shared_preload_libraries: pg_stat_statements", WHY);
        let told = desk.told("shared_preload_libraries: auto_explain", WHY);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("cannot be checked: "), "{told:?}");
        let grants = told[0]
            .split("; ")
            .filter(|part| part.starts_with("GRANT "));
        for grant in grants {
            desk.postgres.sql(grant);
        }
        desk.lets_pass("shared_preload_libraries: auto_explain", WHY);
        let told = desk.told("shared_preload_libraries: nope", WHY);
        assert!(
            told[0].contains("the server finds no such library"),
            "{told:?}"
        );
    }
}
