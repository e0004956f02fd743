//! Currencies: ISO 4217.

use crate::Membership;

/// The alphabetic codes in force, without those for testing and for no currency.
const CODES: &str = "\
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN \
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD \
FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS \
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR \
SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD \
USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XUA \
YER ZAR ZMW ZWL";

/// A code in force is in; another of the same form may be one that was or will be.
pub fn accepts(code: &str) -> Membership {
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Membership::Out
    } else if CODES.split(' ').any(|known| known == code) {
        Membership::In
    } else {
        Membership::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_and_list() {
        assert_eq!(accepts("GBP"), Membership::In);
        assert_eq!(accepts("DEM"), Membership::Unknown);
        for bad in ["gbp", "GB", "£", "GBPS", ""] {
            assert_eq!(accepts(bad), Membership::Out, "{bad}");
        }
    }
}
