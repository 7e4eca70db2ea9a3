//! The options of each kind of panel.

use serde::Deserialize;

strict! {
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
}
