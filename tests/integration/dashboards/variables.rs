//! The variables of a dashboard.

use serde::Deserialize;

strict! {
    struct Templating {
        list: Vec<Variable>,
    }

    struct Datasource {
        #[serde(rename = "type")]
        kind: String,
        uid: String,
    }

    struct DatasourceVariable {
        name: String,
        label: String,
        query: String,
        hide: u8,
        include_all: bool,
        multi: bool,
        options: Vec<VariableOption>,
        refresh: u8,
    }

    struct QueryVariable {
        name: String,
        label: String,
        datasource: Datasource,
        query: VariableQuery,
        current: Option<Current>,
        hide: u8,
        include_all: bool,
        all_value: Option<String>,
        multi: bool,
        options: Vec<VariableOption>,
        refresh: u8,
        regex: String,
        sort: u8,
    }

    struct CustomVariable {
        name: String,
        label: String,
        query: String,
        current: Current,
        hide: u8,
        include_all: bool,
        all_value: Option<String>,
        multi: bool,
        options: Vec<VariableOption>,
    }

    struct VariableQuery {
        qry_type: u8,
        query: String,
        ref_id: String,
    }

    struct Current {
        text: Vec<String>,
        value: Vec<String>,
    }

    struct VariableOption {
        text: String,
        value: String,
        selected: bool,
    }
}

/// A variable of the dashboard.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(dead_code, reason = "only Grafana reads the values of some")]
pub(super) enum Variable {
    Datasource(DatasourceVariable),
    Query(QueryVariable),
    Custom(CustomVariable),
}
