use std::fs;

use serde_json::json;

use super::*;
use crate::bench::Environment;

/// The merged configuration of a site `s` under a Frappe version.
fn config(version: &str, site: &Value) -> Config {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("apps/frappe/frappe/__init__.py", format!("__version__ = '{version}'")),
        ("sites/s/site_config.json", site.to_string()),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = Bench::find_from(Some(folder.path()), None, Environment::of([]));
    found.unwrap().unwrap().site_config("s")
}

fn settings(version: &str, site: &Value) -> Result<Settings, DbError> {
    Settings::from_config(&config(version, site), Path::new("/b/sites"), "s")
}

fn address(version: &str, site: &Value) -> Address {
    settings(version, site).unwrap().address
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp(host.to_owned(), port)
}

#[test]
fn settings_of_a_bare_site_are_the_local_mariadb_under_one_name() {
    let found = settings("15.44.2", &json!({"db_name": "_x", "db_user": "ignored"})).unwrap();
    assert_eq!(found.address, tcp("127.0.0.1", 3306));
    assert_eq!((found.user.as_str(), found.database.as_str()), ("_x", "_x"));
    let found = settings("16.10.0", &json!({"db_name": "_x", "db_user": "u"})).unwrap();
    assert_eq!((found.user.as_str(), found.database.as_str()), ("u", "_x"));
}

#[test]
fn settings_take_a_port_in_quotes_and_refuse_an_impossible_one() {
    assert_eq!(
        address("15.0.0", &json!({"db_name": "x", "db_port": "3307"})),
        tcp("127.0.0.1", 3307)
    );
    let error = settings("15.0.0", &json!({"db_name": "x", "db_port": "soon"})).unwrap_err();
    assert_eq!(error.fault(), DbFault::Misconfigured);
    assert!(error.why().contains("db_port"));
}

#[test]
fn settings_take_a_socket_only_where_frappe_does() {
    let site = json!({"db_name": "x", "db_socket": "/s/mysqld.sock"});
    assert_eq!(address("15.0.0", &site), tcp("127.0.0.1", 3306));
    assert_eq!(address("16.0.0", &site), Address::Socket("/s/mysqld.sock".into(), 0));
    let site =
        json!({"db_name": "x", "db_type": "postgres", "db_host": "/run/pg", "db_port": 5433});
    assert_eq!(address("15.0.0", &site), Address::Socket("/run/pg".into(), 5433));
}

#[test]
fn localhost_is_a_socket_from_16_on_unless_the_c_client_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("mysqld.sock");
    fs::write(&socket, "").unwrap();
    let of = |version: &str, site: &Value| {
        let config = config(version, site);
        let keys = Keys { config: &config, site: "s" };
        keys.mariadb_address(std::slice::from_ref(&socket)).unwrap()
    };
    let site = json!({"db_name": "x", "db_host": "localhost"});
    assert_eq!(of("15.0.0", &site), tcp("localhost", 3306));
    assert_eq!(of("16.10.0", &site), Address::Socket(socket.clone(), 0));
    let site = json!({"db_name": "x", "db_host": "localhost", "use_mysqlclient": 0});
    assert_eq!(of("16.10.0", &site), tcp("localhost", 3306));
}

#[test]
fn settings_of_sqlite_stay_inside_the_site() {
    let site = json!({"db_name": "_x", "db_type": "sqlite"});
    assert_eq!(address("16.0.0", &site), Address::File("/b/sites/s/db/_x.db".into()));
    let site = json!({"db_name": "../../other/db/_y", "db_type": "sqlite"});
    assert_eq!(settings("16.0.0", &site).unwrap_err().fault(), DbFault::Misconfigured);
}

#[test]
fn tls_needs_all_files_up_to_15_and_the_authority_alone_later() {
    let tls = |version: &str, site: Value| settings(version, &site).unwrap().tls;
    let authority = json!({"db_name": "x", "db_ssl_ca": "ca.pem"});
    assert_eq!(tls("15.0.0", authority.clone()), None);
    let found = tls("16.10.0", authority).unwrap();
    assert_eq!((found.authority, found.check_hostname), ("/b/sites/ca.pem".into(), false));
    let all = json!({"db_name": "x", "db_ssl_ca": "/a", "db_ssl_cert": "/c", "db_ssl_key": "/k"});
    assert!(tls("15.0.0", all).unwrap().check_hostname);
}

#[test]
fn settings_without_a_name_or_of_an_unknown_engine_say_which_key() {
    let why = |site: Value| settings("15.0.0", &site).unwrap_err().why().to_owned();
    assert!(why(json!({})).contains("`db_name`"));
    assert!(why(json!({"db_name": "x", "db_type": "oracle"})).contains("`oracle`"));
}

#[test]
fn settings_never_show_the_password() {
    let found = settings("15.0.0", &json!({"db_name": "x", "db_password": "hunter2"})).unwrap();
    assert_eq!(found.password.as_deref(), Some("hunter2"));
    assert!(!format!("{found:?} {found}").contains("hunter2"));
}
