import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'

/**
 * A phone number in the one form of E.164, such as +442079460958. Without a country code in it the number is read as one of
 * the country. Undefined when it is none, or has an extension, for which E.164 has no place.
 */
export function phoneNumber(text: string, country?: string): string | undefined {
  const home = country !== undefined && isSupportedCountry(country) ? (country as CountryCode) : undefined
  const found = parsePhoneNumberFromString(text, { extract: false, ...(home && { defaultCountry: home }) })
  return found?.isPossible() && found.ext === undefined ? found.number : undefined
}
