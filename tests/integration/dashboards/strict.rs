//! Structs that refuse unknown keys, because Grafana ignores unknown keys and then shows a wrong panel.

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
