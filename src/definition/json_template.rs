//! JSON with placeholders in its strings: the parameters of calls, the claims
//! of tokens, the bodies of requests. Values go in as strings of the finished
//! structure, so that none can alter it; or, where a string of an API request
//! is nothing but a parameter that is a number, a boolean or JSON, as that.

use serde_json::{Map, Value as Json};

use super::names::{Known, Moment};
use super::report::Problems;
use super::strings;
use super::template::{RenderError, Rendered, Scope, Template};
use super::tree::{Node, Tree};

/// A JSON value whose strings may hold placeholders.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A string.
    Text(Template),
    /// A value that is JSON itself: a parameter's whose `format` says so.
    Typed(Template),
    /// A number or boolean.
    Scalar(Json),
    /// An array.
    Array(Vec<JsonTemplate>),
    /// An object.
    Object(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// Reads a value of any shape at the key `what`.
    pub(super) fn read(
        node: &Node,
        known: &Known<'_>,
        (what, moment): (&str, Moment),
        problems: &Problems,
    ) -> Option<Self> {
        match &node.value {
            Tree::String(_) => {
                let text = strings::value(node, known, (what, moment), "write a string", problems)?;
                let name = text.sole_name().filter(|_| moment == Moment::Api);
                Some(if name.is_some_and(|name| known.is_json(name)) {
                    JsonTemplate::Typed(text)
                } else {
                    JsonTemplate::Text(text)
                })
            }
            Tree::Bool(value) => Some(JsonTemplate::Scalar((*value).into())),
            Tree::Integer(number) => Some(JsonTemplate::Scalar((*number).into())),
            Tree::Float(number) if number.is_finite() => {
                Some(JsonTemplate::Scalar((*number).into()))
            }
            Tree::Array(items) => {
                let read = |item| Self::read(item, known, (what, moment), problems);
                Some(JsonTemplate::Array(items.iter().filter_map(read).collect()))
            }
            Tree::Table(entries) => {
                let mut object = Vec::with_capacity(entries.len());
                for entry in entries {
                    let place = (entry.key.as_str(), moment);
                    let value = Self::read(&entry.node, known, place, problems);
                    object.extend(value.map(|value| (entry.key.clone(), value)));
                }
                Some(JsonTemplate::Object(object))
            }
            Tree::Datetime | Tree::Float(_) => {
                problems.add(node.problem(
                    format!("`{what}` is {}", node.type_name()),
                    "write a string, a number, `true` or `false`, an array or a table",
                ));
                None
            }
        }
    }

    /// Whether it is more than one string, number or boolean.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, JsonTemplate::Array(_) | JsonTemplate::Object(_))
    }

    /// Whether it is a list of strings, numbers and booleans.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, JsonTemplate::Array(items) if !items.iter().any(Self::is_nested))
    }

    /// Its strings, wherever they stand.
    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            JsonTemplate::Text(template) | JsonTemplate::Typed(template) => vec![template],
            JsonTemplate::Scalar(_) => Vec::new(),
            JsonTemplate::Array(items) => items.iter().flat_map(Self::templates).collect(),
            JsonTemplate::Object(entries) => entries
                .iter()
                .flat_map(|(_, value)| value.templates())
                .collect(),
        }
    }

    /// Puts the values in; an entry that uses an unset optional value is left
    /// out. What was secret is handed to `secrets`.
    pub fn render(
        &self,
        scope: &dyn Scope,
        secrets: &mut dyn FnMut(&Rendered),
    ) -> Result<Option<Json>, RenderError> {
        Ok(match self {
            JsonTemplate::Text(template) => template.render(scope)?.map(|rendered| {
                secrets(&rendered);
                Json::String(rendered.text.expose().to_owned())
            }),
            JsonTemplate::Typed(template) => match template.render(scope)? {
                Some(rendered) => {
                    secrets(&rendered);
                    Some(parsed(template, &rendered)?)
                }
                None => None,
            },
            JsonTemplate::Scalar(json) => Some(json.clone()),
            JsonTemplate::Array(items) => {
                let mut array = Vec::with_capacity(items.len());
                for item in items {
                    array.extend(item.render(scope, secrets)?);
                }
                Some(Json::Array(array))
            }
            JsonTemplate::Object(entries) => {
                let mut object = Map::new();
                for (key, value) in entries {
                    if let Some(value) = value.render(scope, secrets)? {
                        object.insert(key.clone(), value);
                    }
                }
                Some(Json::Object(object))
            }
        })
    }
}

/// What is given is held to its format; what is kept may be from before that.
fn parsed(template: &Template, rendered: &Rendered) -> Result<Json, RenderError> {
    serde_json::from_str(rendered.text.expose()).map_err(|_| RenderError::Unfit {
        name: template.sole_name().unwrap_or_default().to_owned(),
        place: "in a JSON body as what its `format` says",
        why: "it is no JSON".to_owned(),
    })
}
