/**
 * Currencies by their number of decimals: list one of ISO 4217 with its amendments up to 180, in force since
 * 1 January 2026. Published at https://www.six-group.com/en/products-services/financial-information/market-reference-data/data-standards.html
 * Left out are the codes without a minor unit, which nothing can cost: metals, units of account, `XTS` and `XXX`.
 *
 * The locale data of the runtime cannot replace it: CLDR has the decimals that people write today (HUF 0, IQD 0), and
 * they change with the version. The same stored amount would mean 100 times as much after an update of Node.
 */
const byDecimals: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
    COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const decimals = new Map(
  Object.entries(byDecimals).flatMap(([count, codes]) =>
    codes
      .trim()
      .split(/\s+/)
      .map((code): [string, number] => [code, Number(count)]),
  ),
);

/** Codes of the currencies that something can cost. */
export const currencyCodes: string[] = [...decimals.keys()].sort();

/**
 * Returns the decimals of a currency: EUR 2, JPY 0, KWD 3. A code that is not in the list counts as 2: stored prices
 * may have one, since any three letters were accepted once, and so had all that were withdrawn since 2018 (BGN, HRK).
 */
export const decimalsOf = (code: string): number => decimals.get(code) ?? 2;
