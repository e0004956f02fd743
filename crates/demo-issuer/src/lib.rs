//! demo-issuer
