//! What is known of PostgreSQL's own functions, by name.

use super::ty::Ty;

/// How a function treats NULL, and the type it returns.
pub(super) enum Builtin {
    /// NULL exactly where an argument is.
    Total(Ty),
    /// NULL where an argument is, and perhaps elsewhere.
    Partial(Ty),
    /// Never NULL.
    NeverNull(Ty),
    /// Perhaps NULL.
    MaybeNull(Ty),
    /// The same all through a statement.
    Session(Ty),
    /// Different each time.
    Volatile(Ty),
}

/// What is known of the function `name`; `None` where it is not listed.
pub(super) fn builtin(name: &str) -> Option<Builtin> {
    let scalar = |name: &str| Ty::Scalar(name.to_owned());
    Some(match name {
        "lower" | "upper" | "initcap" | "btrim" | "ltrim" | "rtrim" | "trim" | "replace" | "translate" | "left"
        | "right" | "lpad" | "rpad" | "repeat" | "reverse" | "md5" | "split_part" | "substr" | "overlay" | "chr"
        | "quote_ident" | "quote_literal" | "regexp_replace" | "encode" | "strpos_text" | "to_hex" | "jsonb_pretty"
        | "json_typeof" | "jsonb_typeof" => Builtin::Total(Ty::Text),
        "length" | "char_length" | "character_length" | "octet_length" | "bit_length" | "strpos" | "position"
        | "ascii" | "cardinality" | "json_array_length" | "jsonb_array_length" => Builtin::Total(Ty::Int),
        "starts_with" | "jsonb_exists" | "jsonb_exists_any" | "jsonb_exists_all" | "jsonb_contains" | "isfinite"
        | "isempty" | "regexp_like" => Builtin::Total(Ty::Bool),
        "abs" | "ceil" | "ceiling" | "floor" | "round" | "trunc" | "mod" | "power" | "pow" | "sqrt" | "sign"
        | "exp" | "ln" | "log" | "div" => Builtin::Total(scalar("number")),
        "date_trunc" | "decode" | "sha256" | "timezone" | "justify_hours" | "justify_days" | "justify_interval"
        | "to_timestamp" => Builtin::Total(scalar(name)),
        "to_jsonb" => Builtin::Total(Ty::Jsonb),
        "to_json" => Builtin::Total(Ty::Json),
        "substring" | "regexp_substr" | "to_char" => Builtin::Partial(Ty::Text),
        "jsonb_path_exists" | "jsonb_path_match" => Builtin::Partial(Ty::Bool),
        "extract"
        | "date_part"
        | "array_length"
        | "array_upper"
        | "array_lower"
        | "array_ndims"
        | "to_number"
        | "to_date"
        | "age"
        | "lower_inc"
        | "upper_inc"
        | "string_to_array"
        | "regexp_match"
        | "jsonb_path_query_first"
        | "jsonb_strip_nulls"
        | "trim_array"
        | "make_date"
        | "make_interval" => Builtin::Partial(Ty::Any),
        "num_nulls" | "num_nonnulls" | "jsonb_build_object" | "json_build_object" | "jsonb_build_array"
        | "json_build_array" | "concat" | "quote_nullable" => Builtin::NeverNull(scalar(name)),
        "concat_ws" | "format" | "array_to_string" => Builtin::MaybeNull(Ty::Text),
        "array_append"
        | "array_prepend"
        | "array_cat"
        | "array_remove"
        | "array_replace"
        | "array_position"
        | "array_positions"
        | "row_to_json"
        | "range_merge"
        | "unnest"
        | "generate_series"
        | "regexp_split_to_table"
        | "string_to_table"
        | "jsonb_array_elements"
        | "json_array_elements"
        | "jsonb_array_elements_text"
        | "json_array_elements_text"
        | "jsonb_object_keys"
        | "json_object_keys"
        | "generate_subscripts"
        | "regexp_split_to_array" => Builtin::MaybeNull(Ty::Any),
        "now" | "transaction_timestamp" | "statement_timestamp" | "current_database" | "version" | "pg_backend_pid" => {
            Builtin::Session(scalar(name))
        }
        "current_setting"
        | "pg_has_role"
        | "has_table_privilege"
        | "has_schema_privilege"
        | "has_column_privilege"
        | "has_function_privilege"
        | "inet_client_addr"
        | "txid_current"
        | "pg_trigger_depth" => Builtin::Session(Ty::Any),
        "random" | "clock_timestamp" | "timeofday" | "gen_random_uuid" | "uuid_generate_v4" => {
            Builtin::Volatile(scalar(name))
        }
        _ => return None,
    })
}

/// Aggregates; over no rows all are NULL but the counts.
pub(crate) fn is_aggregate(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "sum"
            | "avg"
            | "min"
            | "max"
            | "bool_and"
            | "bool_or"
            | "every"
            | "array_agg"
            | "string_agg"
            | "json_agg"
            | "jsonb_agg"
            | "json_object_agg"
            | "jsonb_object_agg"
            | "bit_and"
            | "bit_or"
            | "any_value"
            | "stddev"
            | "variance"
            | "mode"
            | "percentile_cont"
            | "percentile_disc"
            | "regr_count"
            | "range_agg"
    )
}

/// Functions that give rows.
pub(crate) fn is_set_returning(name: &str) -> bool {
    matches!(
        name,
        "unnest"
            | "generate_series"
            | "regexp_split_to_table"
            | "string_to_table"
            | "jsonb_array_elements"
            | "json_array_elements"
            | "jsonb_array_elements_text"
            | "json_array_elements_text"
            | "jsonb_object_keys"
            | "json_object_keys"
            | "generate_subscripts"
            | "jsonb_each"
            | "json_each"
            | "jsonb_each_text"
            | "json_each_text"
            | "jsonb_path_query"
            | "regexp_matches"
            | "jsonb_to_recordset"
            | "json_to_recordset"
            | "jsonb_populate_recordset"
    )
}
