//! Servers that somebody else manages: what is handed to them.

use dbtune::plan::Action::Blocked;
use dbtune::plan::{self, HazardKind};
use dbtune::snapshot::Manager;

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

const MANAGED: HazardKind = HazardKind::ManagedElsewhere;

fn server(manager: Manager) -> Server {
    let mut server = Server::postgresql("primary")
        .has(Setting::shared_buffers())
        .has(Setting::work_mem().stored("8MB"))
        .has(Setting::text("shared_preload_libraries", "").restart())
        .has(Setting::text("search_path", ""))
        .lacks("role app may not reload; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO app");
    server.facts().managed_by = Some(manager);
    server
}

/// What is said of a plan that sets one setting and takes another back.
#[track_caller]
fn told(manager: Manager) -> String {
    let case =
        Case::postgresql(&["shared_buffers: 384MB", "work_mem: default"]).on(server(manager));
    let plan = case.plan();
    let mut messages = Vec::new();
    for change in &plan.changes {
        assert_eq!(change.action, Blocked);
        assert_eq!(kinds(change), [MANAGED].into());
        messages.push(hazard(change, MANAGED).1.to_owned());
    }
    messages.dedup();
    // It cannot be allowed, and is said once.
    let all = HazardKind::ALL.into();
    assert_eq!(plan::blocking(&plan, &all).len(), 1);
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[test]
fn rds_gets_parameters_in_native_units_with_when_to_apply_them() {
    assert_eq!(
        told(Manager::Rds),
        "primary is managed by Amazon RDS, and what is set behind its back is undone or refused; \
         change its parameter group: `aws rds modify-db-parameter-group --db-parameter-group-name \
         GROUP --parameters '[{\"ParameterName\":\"shared_buffers\",\"ParameterValue\":\"49152\",\
         \"ApplyMethod\":\"pending-reboot\"}]'`, then `aws rds \
         reset-db-parameter-group --db-parameter-group-name GROUP --parameters \
         '[{\"ParameterName\":\"work_mem\",\"ApplyMethod\":\"immediate\"}]'`; what has \
         pending-reboot waits for `aws rds reboot-db-instance --db-instance-identifier INSTANCE`; \
         for Aurora use the db-cluster-parameter-group commands"
    );
}

#[test]
fn rds_takes_at_most_twenty_parameters_a_call() {
    let names: Vec<String> = (0..21)
        .map(|number| format!("setting_{number:02}"))
        .collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name}: 5")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut many = server(Manager::Rds);
    for name in &names {
        many = many.has(Setting::number(name, None, "1"));
    }
    let plan = Case::postgresql(&lines).on(many).plan();
    let (_, message) = hazard(&plan.changes[0], MANAGED);
    let calls: Vec<&str> = message.split("modify-db-parameter-group").skip(1).collect();
    let counts: Vec<usize> = calls
        .iter()
        .map(|call| call.matches("ParameterName").count())
        .collect();
    assert_eq!(counts, [20, 1]);
}

#[test]
fn cloud_sql_is_told_that_the_list_replaces_all_flags() {
    let told = told(Manager::CloudSql);
    assert!(
        told.contains("--database-flags='^|^shared_buffers=49152'`"),
        "{told}"
    );
    assert!(told.contains("that list replaces all flags"), "{told}");
    assert!(told.ends_with("leave work_mem out of the list"), "{told}");
}

#[test]
fn azure_gets_a_command_for_each_parameter() {
    let told = told(Manager::Azure);
    assert!(
        told.contains("--name shared_buffers --source user-override --value '49152'`, then `az"),
        "{told}"
    );
    assert!(told.contains("--name work_mem`;"), "{told}");
    assert!(told.contains("flexible-server restart"), "{told}");
}

#[test]
fn patroni_gets_its_patch_and_null_for_what_goes() {
    let told = told(Manager::Patroni);
    assert!(
        told.contains("patronictl edit-config -p 'shared_buffers=384MB' -p 'work_mem=null'"),
        "{told}"
    );
    assert!(
        told.contains(
            r#"`{"postgresql":{"parameters":{"shared_buffers":"384MB","work_mem":null}}}`"#
        ),
        "{told}"
    );
}

#[test]
fn cloud_native_pg_gets_a_patch_of_its_cluster() {
    let told = told(Manager::CloudNativePg);
    assert!(
        told.contains(
            r#"'{"spec": {"postgresql": {"parameters": {"shared_buffers":"384MB","work_mem":null}}}}'"#
        ),
        "{told}"
    );
    let settings = ["shared_preload_libraries: [pg_stat_statements, auto_explain]"];
    let plan = Case::postgresql(&settings)
        .on(server(Manager::CloudNativePg))
        .plan();
    let (_, message) = hazard(&plan.changes[0], MANAGED);
    assert!(
        message.contains(r#""shared_preload_libraries": ["pg_stat_statements","auto_explain"]"#),
        "{message}"
    );
}

#[test]
fn services_of_redis_are_told_where_to_set_it() {
    let case = |manager| {
        let mut cache = Server::redis("cache")
            .has(Setting::redis("maxmemory", "0"))
            .has(Setting::redis("maxmemory-policy", "noeviction"));
        cache.facts().managed_by = Some(manager);
        let settings = ["maxmemory: 384mb", "maxmemory-policy: allkeys-lru"];
        let plan = Case::redis(&settings).on(cache).plan();
        let (_, message) = hazard(plan.change("maxmemory"), MANAGED);
        message.to_owned()
    };
    let told = case(Manager::ElastiCache);
    assert!(
        told.contains(r#"[{"ParameterName":"maxmemory-policy","ParameterValue":"allkeys-lru"}]"#),
        "{told}"
    );
    assert!(told.contains("reserved-memory-percent"), "{told}");
    let told = case(Manager::RedisService);
    assert!(
        told.ends_with("set maxmemory to 384mb, maxmemory-policy to allkeys-lru where the service is configured"),
        "{told}"
    );
}

#[test]
fn what_is_as_it_should_be_is_nobodys_business() {
    let plan = Case::postgresql(&["work_mem: 8MB"])
        .on(server(Manager::Rds))
        .plan();
    assert!(kinds(&plan.changes[0]).is_empty());
}
