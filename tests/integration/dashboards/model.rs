//! The parts of Grafana's dashboard schema that the dashboards use. An unknown key or a wrong type is an error, because
//! Grafana ignores unknown keys and then shows a wrong panel.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Declares structs with Grafana's keys that refuse unknown keys.
macro_rules! strict {
    ($($(#[$meta:meta])* struct $name:ident $(<$($of:ident),*>)? { $($(#[$of_field:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[allow(dead_code, reason = "the types of most fields are checked, and only Grafana reads their values")]
        #[allow(clippy::struct_field_names, clippy::struct_excessive_bools, reason = "the names are Grafana's")]
        pub(super) struct $name $(<$($of),*>)? { $($(#[$of_field])* pub(super) $field: $type,)* }
    )*};
}

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
    struct Shown<Options, Custom> {
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

    struct StatOptions {
        color_mode: String,
        graph_mode: String,
        justify_mode: String,
        orientation: String,
        percent_change_color_mode: String,
        show_percent_change: bool,
        wide_layout: bool,
        text_mode: String,
        reduce_options: Reduce,
    }

    struct Reduce {
        calcs: Vec<String>,
        fields: String,
        values: bool,
    }

    struct LinesOptions {
        legend: Legend,
        tooltip: Tooltip,
    }

    struct Legend {
        calcs: Vec<String>,
        display_mode: String,
        placement: String,
        show_legend: bool,
    }

    struct Tooltip {
        mode: String,
        sort: String,
    }

    struct LinesCustom {
        draw_style: String,
        fill_opacity: u8,
        line_width: u8,
        show_points: String,
        span_nulls: bool,
        stacking: Stacking,
    }

    struct Stacking {
        group: String,
        mode: String,
    }

    struct TableOptions {
        cell_height: String,
        frame_index: u8,
        show_header: bool,
        sort_by: Vec<SortBy>,
    }

    struct SortBy {
        display_name: String,
        desc: bool,
    }

    struct TableCustom {
        align: String,
        cell_options: CellOptions,
        filterable: bool,
        inspect: bool,
    }

    struct CellOptions {
        #[serde(rename = "type")]
        kind: String,
    }

    struct TimelineOptions {
        align_value: String,
        legend: Legend,
        merge_values: bool,
        row_height: f64,
        show_value: String,
        tooltip: Tooltip,
    }

    struct TimelineCustom {
        fill_opacity: u8,
        line_width: u8,
    }

    struct BarsOptions {
        display_mode: String,
        legend: Legend,
        max_viz_height: u16,
        min_viz_height: u16,
        min_viz_width: u16,
        name_placement: String,
        orientation: String,
        reduce_options: Reduce,
        show_unfilled: bool,
        sizing: String,
        value_mode: String,
    }

    struct HeatmapOptions {
        calculate: bool,
        cell_gap: u8,
        color: HeatmapColor,
        exemplars: Exemplars,
        filter_values: FilterValues,
        legend: HeatmapLegend,
        rows_frame: RowsFrame,
        show_value: String,
        tooltip: HeatmapTooltip,
        y_axis: YAxis,
    }

    struct HeatmapColor {
        mode: String,
        scheme: String,
        exponent: f64,
        steps: u8,
        reverse: bool,
        fill: String,
    }

    struct Exemplars {
        color: String,
    }

    struct FilterValues {
        le: f64,
    }

    struct HeatmapLegend {
        show: bool,
    }

    struct RowsFrame {
        layout: String,
    }

    struct HeatmapTooltip {
        mode: String,
        y_histogram: bool,
    }

    struct YAxis {
        axis_placement: String,
        unit: String,
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

/// A variable of the dashboard.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(dead_code, reason = "only Grafana reads the values of some")]
pub(super) enum Variable {
    Datasource(DatasourceVariable),
    Query(QueryVariable),
    Custom(CustomVariable),
}

/// A panel of a kind that Grafana includes.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Panel {
    Row(Row),
    Stat(Shown<StatOptions, Nothing>),
    Timeseries(Shown<LinesOptions, LinesCustom>),
    Table(Shown<TableOptions, TableCustom>),
    #[serde(rename = "state-timeline")]
    StateTimeline(Shown<TimelineOptions, TimelineCustom>),
    Bargauge(Shown<BarsOptions, Nothing>),
    Heatmap(Shown<HeatmapOptions, Nothing>),
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

impl Panel {
    pub(super) fn title(&self) -> &str {
        match self {
            Self::Row(row) => &row.title,
            Self::Stat(panel) => &panel.title,
            Self::Timeseries(panel) => &panel.title,
            Self::Table(panel) => &panel.title,
            Self::StateTimeline(panel) => &panel.title,
            Self::Bargauge(panel) => &panel.title,
            Self::Heatmap(panel) => &panel.title,
        }
    }

    pub(super) fn targets(&self) -> &[Target] {
        match self {
            Self::Row(_) => &[],
            Self::Stat(panel) => &panel.targets,
            Self::Timeseries(panel) => &panel.targets,
            Self::Table(panel) => &panel.targets,
            Self::StateTimeline(panel) => &panel.targets,
            Self::Bargauge(panel) => &panel.targets,
            Self::Heatmap(panel) => &panel.targets,
        }
    }

    pub(super) fn place(&self) -> &Place {
        match self {
            Self::Row(row) => &row.grid_pos,
            Self::Stat(panel) => &panel.grid_pos,
            Self::Timeseries(panel) => &panel.grid_pos,
            Self::Table(panel) => &panel.grid_pos,
            Self::StateTimeline(panel) => &panel.grid_pos,
            Self::Bargauge(panel) => &panel.grid_pos,
            Self::Heatmap(panel) => &panel.grid_pos,
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
