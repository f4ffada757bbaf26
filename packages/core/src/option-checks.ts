import { isLoopback } from './environments.js'
import { Secret } from './redact.js'

/** Each check adds one sentence per fault to a list, so that all faults are told at once. */

const MINIMUM_SECRET_LENGTH = 32
/** Of 32 random hexadecimal digits fewer are distinct once in ten thousand times. */
const MINIMUM_DISTINCT_CHARACTERS = 10
const PLACEHOLDER =
  /^(<.*>|\$?\{.*\}|(your|my)[-_ ]?(procore[-_ ]?)?(client[-_ ]?)?(id|secret)|client[-_ ]?(id|secret)|change[-_ ]?me|x{3,}|todo|\.{3})$/i

/** Credentials are copied by hand, so what is often copied wrong is named. */
export function checkCredential(
  faults: string[],
  name: 'clientId' | 'clientSecret',
  value: unknown,
): void {
  const variable = name === 'clientId' ? 'PROCORE_CLIENT_ID' : 'PROCORE_CLIENT_SECRET'
  if (typeof value !== 'string' || value.trim() === '') {
    faults.push(
      `${name} is missing: copy it from your app in the Developer Portal (or set ${variable})`,
    )
  } else if (PLACEHOLDER.test(value.trim())) {
    faults.push(`${name} is still a placeholder: copy the real one from the Developer Portal`)
  } else if (!/^[\x21-\x7e]+$/.test(value)) {
    faults.push(`${name} has a space, a line break or another character that no credential has`)
  }
}

/** A store is known by its methods. */
export function checkStore(faults: string[], store: unknown): void {
  if (store === undefined) return
  const methods = ['get', 'put', 'delete', 'acquireLease', 'releaseLease', 'list']
  const missing = methods.filter(
    (name) =>
      typeof store !== 'object' || store === null || typeof Reflect.get(store, name) !== 'function',
  )
  if (missing.length > 0)
    faults.push(`tokenStore is not a token store: it lacks ${missing.join(', ')}`)
}

/** RFC 6749, section 3.1.2: absolute and without a fragment. */
export function checkRedirectUri(faults: string[], value: unknown): URL | undefined {
  if (value === undefined || value === '') {
    faults.push(
      'redirectUri is missing: set it (or PROCORE_REDIRECT_URI) to the absolute URL registered in the Developer Portal',
    )
    return undefined
  }
  if (typeof value !== 'string' || !URL.canParse(value)) {
    faults.push(
      'redirectUri is not an absolute URL: write it as https://your.app/auth/procore/callback',
    )
    return undefined
  }
  const url = new URL(value)
  if (url.protocol === 'urn:') {
    faults.push('redirectUri is out of band: leave it out and use installedApp() instead')
  } else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    faults.push('redirectUri must use https (http is for localhost only)')
  }
  if (url.protocol !== 'urn:' && url.pathname === '/') {
    faults.push(
      'redirectUri has no path: register one such as /auth/procore/callback, or it would hide your home page',
    )
  }
  if (/\s/.test(value)) faults.push('redirectUri has a space or a line break in it')
  if (url.hash) faults.push('redirectUri must not have a fragment (RFC 6749, section 3.1.2)')
  if (url.username || url.password) faults.push('redirectUri must not have credentials')
  return url
}

/** Returns the secrets, the one that seals first. */
export function checkSecrets(faults: string[], value: unknown): Secret[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  if (list.length === 0 || list[0] === '') {
    faults.push(
      `secret is missing: set it (or PROCORE_AUTH_SECRET) to ${MINIMUM_SECRET_LENGTH} or more random characters, for example from "openssl rand -hex 32"`,
    )
    return []
  }
  return list.flatMap((secret, index) => {
    const name = list.length > 1 ? `secret ${index + 1}` : 'secret'
    if (typeof secret !== 'string' || secret.length < MINIMUM_SECRET_LENGTH) {
      faults.push(
        `${name} is too short: it needs ${MINIMUM_SECRET_LENGTH} or more random characters`,
      )
      return []
    }
    if (new Set(secret).size < MINIMUM_DISTINCT_CHARACTERS) {
      faults.push(`${name} is not random: make one with "openssl rand -hex 32"`)
      return []
    }
    return [new Secret(secret)]
  })
}

/** Returns a path of this origin. */
export function checkPath(faults: string[], name: string, value: unknown): string {
  if (
    typeof value === 'string' &&
    /^\/(?![/\\])[\x21-\x7e]*$/.test(value) &&
    !/[?#\\]/.test(value)
  ) {
    return value
  }
  faults.push(`${name} must be a path that starts with one "/" and has no query`)
  return '/'
}

/** Returns a finite number above 0. */
export function checkPositive(faults: string[], name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  faults.push(`${name} must be a positive number`)
  return 1
}
