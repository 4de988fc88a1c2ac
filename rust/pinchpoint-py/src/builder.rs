//! How structured fabrics are built.

use std::sync::Mutex;

use pinchpoint_core::fabric::{
    self as core, Code, CoordinateSpec, Digit, Forwards, JoinSpec, LinkSpec, NodeSpec, PartSpec,
    Rate, Role,
};
use pyo3::prelude::*;

use crate::error::to_py;
use crate::fabric::Fabric;
use crate::selection::conditions;

/// Describes a structured fabric.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct FabricBuilder {
    inner: Mutex<core::Builder>,
}

/// A user coordinate: name, size, code, digits.
type PlainCoordinate = (String, Option<u32>, String, Vec<(String, u32)>);
/// One end of a bundle: group and conditions.
type PlainPart<'py> = (String, Vec<(String, Bound<'py, PyAny>)>);

pub fn role(name: &str) -> Role {
    match name {
        "chip" => Role::Chip,
        "host" => Role::Host,
        "nic" => Role::Nic,
        _ => Role::Switch,
    }
}

pub fn forwarding(name: &str) -> Forwards {
    match name {
        "never" => Forwards::Never,
        "scale_up" => Forwards::ScaleUp,
        _ => Forwards::Always,
    }
}

#[pymethods]
impl FabricBuilder {
    #[new]
    fn new(name: &str) -> Self {
        FabricBuilder {
            inner: Mutex::new(core::Builder::new(name)),
        }
    }

    fn nodes(
        &self,
        py: Python<'_>,
        name: String,
        role_text: &str,
        forwards: &str,
        capacity: Option<(i64, u32)>,
        coordinates: Vec<PlainCoordinate>,
    ) -> PyResult<()> {
        let forwards = forwarding(forwards);
        let coordinates =
            coordinates
                .into_iter()
                .map(|(name, size, code, digits)| CoordinateSpec {
                    name,
                    size,
                    code: if code == "gray" {
                        Code::Gray
                    } else {
                        Code::Radix
                    },
                    digits: digits
                        .into_iter()
                        .map(|(name, size)| Digit { name, size })
                        .collect(),
                });
        let spec = NodeSpec {
            name,
            role: role(role_text),
            forwards,
            capacity: capacity.map(|(mantissa, shift)| Rate { mantissa, shift }),
            coordinates: coordinates.collect(),
        };
        self.with(py, |builder| builder.nodes(spec))
    }

    #[allow(clippy::too_many_arguments)]
    fn links(
        &self,
        py: Python<'_>,
        a: PlainPart<'_>,
        b: PlainPart<'_>,
        capacity: (i64, u32),
        join: Option<Vec<(String, String)>>,
        ring: Option<(String, bool)>,
        multiplicity: u32,
        name: Option<String>,
    ) -> PyResult<String> {
        let part = |(group, asked): PlainPart<'_>| -> PyResult<PartSpec> {
            Ok(PartSpec {
                group,
                conditions: conditions(asked)?,
            })
        };
        let join = match (join, ring) {
            (_, Some((axis, wrap))) => JoinSpec::Ring { axis, wrap },
            (Some(pairs), None) => JoinSpec::Pairs(pairs),
            (None, None) => JoinSpec::SameName,
        };
        let (a, b) = (part(a)?, part(b)?);
        let built = name
            .clone()
            .unwrap_or_else(|| format!("{}-{}", a.group, b.group));
        let spec = LinkSpec {
            a,
            b,
            capacity: Rate {
                mantissa: capacity.0,
                shift: capacity.1,
            },
            join,
            multiplicity,
            name,
        };
        self.with(py, |builder| builder.links(spec))?;
        Ok(built)
    }

    fn build(&self, py: Python<'_>) -> PyResult<Fabric> {
        let builder = self
            .inner
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
            .clone();
        let layout = builder.build().map_err(|error| to_py(py, error))?;
        Ok(Fabric {
            inner: core::Fabric::structured(layout),
        })
    }
}

impl FabricBuilder {
    fn with(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut core::Builder) -> pinchpoint_core::Result<()>,
    ) -> PyResult<()> {
        let mut builder = self
            .inner
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        work(&mut builder).map_err(|error| to_py(py, error))
    }
}
