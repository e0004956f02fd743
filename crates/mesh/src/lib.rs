//! A client of NHS MESH.
