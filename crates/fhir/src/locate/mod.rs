//! Where in a source text an element stands, found on demand from its FHIRPath.
//!
//! The tree carries no places: most resources have nothing wrong with them. For one that has, its
//! text is gone through once more, only into the parts that are asked for.

mod path;
mod tracker;
mod xml;

use json::Position;
use json::positions;

use crate::Format;
use path::ElementPath;
use tracker::Tracker;

/// The places of some elements in the text of one resource, one for each path in its order.
///
/// A path is FHIRPath as issues have it (`Patient.name[0].given[1]`,
/// `Observation.value.ofType(Quantity).unit`, `Bundle.entry[2].resource.gender`). For an element that
/// is not there it is the place of the nearest one around it that is. In JSON the place of a member
/// is that of its name; the id and extensions of a primitive stand in the member with an underscore.
/// In XML it is the start tag.
pub fn locate(text: &[u8], format: Format, paths: &[&str]) -> Vec<Position> {
    let paths: Vec<ElementPath<'_>> = paths.iter().map(|path| ElementPath::parse(path)).collect();
    let mut tracker = Tracker::new(&paths);
    match format {
        Format::Json | Format::NdJson => {
            let start = text
                .iter()
                .position(|byte| matches!(byte, b'{' | b'['))
                .unwrap_or(0);
            tracker.root(start);
            // What is said of the resource as a whole stands where it begins.
            if paths.iter().any(|path| !path.0.is_empty()) {
                json::scan(text, &mut tracker);
            }
        }
        Format::Xml => xml::scan(text, &mut tracker),
    }
    positions(text, &tracker.finish())
}
