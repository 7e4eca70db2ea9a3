//! The parts of Grafana's dashboard schema that the dashboards use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::options::{
    BarsOptions, HeatmapOptions, LinesCustom, LinesOptions, StatOptions, TableCustom, TableOptions, TimelineCustom,
    TimelineOptions,
};
use super::variables::{Datasource, Templating};

strict! {
    struct Dashboard {
        uid: String,
        title: String,
        description: String,
        tags: Vec<String>,
        editable: bool,
        graph_tooltip: u8,
        links: Vec<DashboardLink>,
        panels: Vec<Panel>,
        refresh: String,
        schema_version: u32,
        templating: Templating,
        time: TimeRange,
        timezone: String,
        version: u32,
    }

    struct DashboardLink {
        #[serde(rename = "type")]
        kind: String,
        title: String,
        tags: Vec<String>,
        as_dropdown: bool,
        include_vars: bool,
        keep_time: bool,
        target_blank: bool,
        icon: String,
        tooltip: String,
        url: String,
    }

    struct TimeRange {
        from: String,
        to: String,
    }

    struct Place {
        x: u8,
        y: u16,
        w: u8,
        h: u8,
    }

    struct Row {
        id: u16,
        title: String,
        collapsed: bool,
        panels: Vec<Value>,
        grid_pos: Place,
    }

    /// The parts that all kinds of panels with data have in common.
    struct DataPanel<Options, Custom> {
        id: u16,
        title: String,
        description: String,
        datasource: Datasource,
        targets: Vec<Target>,
        grid_pos: Place,
        field_config: FieldConfig<Custom>,
        options: Options,
        #[serde(default)]
        transformations: Vec<Transformation>,
    }

    struct Target {
        datasource: Datasource,
        ref_id: String,
        expr: String,
        legend_format: Option<String>,
        format: Option<Format>,
        range: Option<bool>,
        instant: Option<bool>,
    }

    struct FieldConfig<Custom> {
        defaults: Defaults<Custom>,
        overrides: Vec<Override>,
    }

    struct Defaults<Custom> {
        unit: Option<String>,
        decimals: Option<u8>,
        min: Option<f64>,
        no_value: Option<String>,
        color: Option<Color>,
        thresholds: Option<Thresholds>,
        #[serde(default)]
        mappings: Vec<Mapping>,
        custom: Option<Custom>,
    }

    struct Color {
        mode: ColorMode,
        fixed_color: Option<String>,
    }

    struct Thresholds {
        mode: String,
        steps: Vec<Step>,
    }

    struct Step {
        color: String,
        value: Option<f64>,
    }

    struct Mapping {
        #[serde(rename = "type")]
        kind: String,
        options: BTreeMap<String, MappedTo>,
    }

    struct MappedTo {
        text: String,
        color: String,
        index: u8,
    }

    struct Override {
        matcher: Matcher,
        properties: Vec<Property>,
    }

    struct Matcher {
        id: MatcherKind,
        options: String,
    }

    struct Link {
        title: String,
        url: String,
    }

    struct Include {
        include: Names,
    }

    struct Names {
        names: Vec<String>,
    }

    struct Organize {
        exclude_by_name: BTreeMap<String, bool>,
        index_by_name: BTreeMap<String, u8>,
        rename_by_name: BTreeMap<String, String>,
    }

    struct Nothing {}
}

/// A panel of a kind that Grafana includes.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Panel {
    Row(Row),
    Stat(DataPanel<StatOptions, Nothing>),
    Timeseries(DataPanel<LinesOptions, LinesCustom>),
    Table(DataPanel<TableOptions, TableCustom>),
    #[serde(rename = "state-timeline")]
    StateTimeline(DataPanel<TimelineOptions, TimelineCustom>),
    Bargauge(DataPanel<BarsOptions, Nothing>),
    Heatmap(DataPanel<HeatmapOptions, Nothing>),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Table,
    Heatmap,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ColorMode {
    Fixed,
    Shades,
    Thresholds,
}

#[derive(Debug, Deserialize)]
pub(super) enum MatcherKind {
    #[serde(rename = "byName")]
    ByName,
    #[serde(rename = "byFrameRefID")]
    ByFrameRefId,
}

/// A property that an override sets.
#[derive(Debug, Deserialize)]
#[serde(tag = "id", content = "value", rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "only Grafana reads the values")]
pub(super) enum Property {
    Color(Color),
    DisplayName(String),
    Unit(String),
    Links(Vec<Link>),
}

/// A change of the result before it is shown.
#[derive(Debug, Deserialize)]
#[serde(tag = "id", content = "options", rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "only Grafana reads the values")]
pub(super) enum Transformation {
    FilterFieldsByName(Include),
    Organize(Organize),
}

impl<Options, Custom> DataPanel<Options, Custom> {
    fn common(&self) -> (&str, &[Target], &Place) {
        (&self.title, &self.targets, &self.grid_pos)
    }
}

impl Panel {
    pub(super) fn title(&self) -> &str {
        self.common().0
    }

    pub(super) fn targets(&self) -> &[Target] {
        self.common().1
    }

    pub(super) fn place(&self) -> &Place {
        self.common().2
    }

    /// Title, queries and place.
    fn common(&self) -> (&str, &[Target], &Place) {
        match self {
            Self::Row(row) => (&row.title, &[], &row.grid_pos),
            Self::Stat(panel) => panel.common(),
            Self::Timeseries(panel) => panel.common(),
            Self::Table(panel) => panel.common(),
            Self::StateTimeline(panel) => panel.common(),
            Self::Bargauge(panel) => panel.common(),
            Self::Heatmap(panel) => panel.common(),
        }
    }

    /// The names of a table's columns in the result. Other panels have none.
    pub(super) fn columns(&self) -> Vec<String> {
        let Self::Table(table) = self else { return Vec::new() };
        let chosen = table
            .transformations
            .iter()
            .filter_map(|transformation| match transformation {
                Transformation::FilterFieldsByName(chosen) => Some(chosen.include.names.clone()),
                Transformation::Organize(_) => None,
            });
        chosen.flatten().collect()
    }
}
