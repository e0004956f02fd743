//! Units of measure: UCUM (<https://ucum.org/ucum>), case-sensitive codes.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::Membership;

const PREFIXES: &[&str] = &[
    "da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u",
    "n", "p", "f", "a", "z", "y",
];

/// Atoms that take prefixes.
const METRIC: &str = "\
m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L t bar u eV pc gf \
Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM m[H2O] m[Hg] cal cal_[15] cal_[20] cal_m \
cal_IT cal_th g% kat U eq osm [iU] [IU] mho Np B B[SPL] B[V] B[mV] B[uV] B[10.nV] B[W] B[kW] bit \
By Bd ar [pH] [g] [car_m]";

/// Atoms that take none.
const PLAIN: &str = "\
10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo \
AU atm [ly] [c] [h] [k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [lbf_av] kgf \
[in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] \
[bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [fth_us] \
[fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] \
[lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] \
[gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] \
[tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] \
[foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] \
[stone_av] [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] \
[degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] tex \
[den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] \
[MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] \
[S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] \
[bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] \
[AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] [bbl_us] st Ao b att [psi] circ sph \
[car_Au] [smoot] [m/s2/Hz^0.5] bit_s [lbf_av] [psi] [ISO] [rch_us] [rlk_us] [mclg'U] [cicero] [didot] \
[ligne] [pied] [pouce] [twip] [nmi_i]";

/// A code that can be read with the atoms known here is in, one that breaks the grammar is out, one
/// with an atom that is not known here is not decided.
pub fn accepts(code: &str) -> Membership {
    if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Membership::Out;
    }
    let mut reader = Reader {
        rest: code,
        unsure: false,
    };
    if !reader.main_term() || !reader.rest.is_empty() {
        return Membership::Out;
    }
    if reader.unsure {
        Membership::Unknown
    } else {
        Membership::In
    }
}

struct Reader<'c> {
    rest: &'c str,
    unsure: bool,
}

impl<'c> Reader<'c> {
    fn take(&mut self, symbol: char) -> bool {
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'c str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// A term, or a slash and a term. Parentheses are counted rather than followed, so that no
    /// input nests deeply.
    fn main_term(&mut self) -> bool {
        let mut open = 0_usize;
        self.take('/');
        loop {
            while self.take('(') {
                open += 1;
                self.take('/');
            }
            if !self.component() {
                return false;
            }
            while open > 0 && self.take(')') {
                open -= 1;
                self.exponent();
            }
            if !(self.take('.') || self.take('/')) {
                return open == 0;
            }
        }
    }

    fn component(&mut self) -> bool {
        if self.rest.starts_with('{') {
            return self.annotation();
        }
        let symbol = self.symbol();
        let (atom, _) = split_exponent(symbol);
        if atom.is_empty() {
            // A factor: digits only.
            if symbol.is_empty() || !symbol.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
        } else if !is_atom(symbol) && !is_atom(atom) {
            self.unsure = true;
        }
        !self.rest.starts_with('{') || self.annotation()
    }

    /// Everything up to an operator or an annotation; operators between square brackets belong to
    /// the atom.
    fn symbol(&mut self) -> &'c str {
        let mut depth = 0_usize;
        let end = self
            .rest
            .char_indices()
            .find(|&(_, c)| {
                match c {
                    '[' => depth += 1,
                    ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && matches!(c, '.' | '/' | '(' | ')' | '{' | '}')
            })
            .map_or(self.rest.len(), |(at, _)| at);
        let (symbol, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        symbol
    }

    fn exponent(&mut self) {
        let _ = self.take('+') || self.take('-');
        self.take_while(|c| c.is_ascii_digit());
    }

    fn annotation(&mut self) -> bool {
        self.take('{') && {
            self.take_while(|c| c != '}' && c != '{');
            self.take('}')
        }
    }
}

/// A symbol without the exponent at its end.
fn split_exponent(symbol: &str) -> (&str, &str) {
    let base = symbol.trim_end_matches(|c: char| c.is_ascii_digit());
    if base.len() == symbol.len() {
        return (symbol, "");
    }
    let base = base.strip_suffix(['+', '-']).unwrap_or(base);
    symbol.split_at_checked(base.len()).unwrap_or((symbol, ""))
}

fn is_atom(symbol: &str) -> bool {
    static ATOMS: LazyLock<(HashSet<&str>, HashSet<&str>)> =
        LazyLock::new(|| (METRIC.split(' ').collect(), PLAIN.split(' ').collect()));
    let (metric, plain) = &*ATOMS;
    plain.contains(symbol)
        || metric.contains(symbol)
        || PREFIXES
            .iter()
            .filter_map(|prefix| symbol.strip_prefix(prefix))
            .any(|atom| metric.contains(atom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_in_use() {
        for good in [
            "kg",
            "mm[Hg]",
            "/min",
            "Cel",
            "%",
            "mmol/L",
            "kg/m2",
            "10*9/L",
            "{beats}/min",
            "mL/min/{1.73_m2}",
            "ug/L",
            "[in_i]",
            "1",
            "h",
            "d",
            "wk",
            "mo",
            "a",
            "g/dL",
            "{score}",
            "mmol/mol{creatinine}",
            "[degF]",
            "m.s-2",
            "(kg.m)/s2",
            "U/L",
            "[iU]/mL",
            "cm",
            "[lb_av]",
            "/[HPF]",
            "10*3",
            "[stone_av]",
            "mg",
            "L",
            "kPa",
            "ng/mL",
            "ms",
            "[arb'U]/mL",
        ] {
            assert_eq!(accepts(good), Membership::In, "{good}");
        }
    }

    #[test]
    fn what_is_no_unit() {
        for bad in [
            "",
            "beats per minute",
            "kg m",
            "(kg",
            "kg)",
            "kg//",
            "kg.",
            "{beats",
            "°C",
            "mm Hg",
        ] {
            assert_eq!(accepts(bad), Membership::Out, "{bad}");
        }
        for unsure in ["mmHg", "bpm", "tablets", "kgs"] {
            assert_eq!(accepts(unsure), Membership::Unknown, "{unsure}");
        }
    }
}
