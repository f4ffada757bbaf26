/** Two origins that belong together; a token of one pair is never sent to another. */
export interface Environment {
  /** Part of every stored grant's key. */
  readonly name: string
  readonly loginOrigin: string
  readonly apiOrigin: string
}

/** Procore's environments. On-demand sandboxes are `production` with another company id. */
export type EnvironmentName = 'production' | 'sandbox' | 'monthly-sandbox' | 'federal'

/** An own pair of origins: the offline Procore, or a proxy in front of the real one. */
export interface CustomEnvironment {
  /** Set only when a name was given as well; it must not contradict the origins. */
  readonly name?: string
  readonly loginOrigin: string
  readonly apiOrigin: string
}

/** Login and API origins of each environment of Procore. */
export const ENVIRONMENTS: Readonly<Record<EnvironmentName, Environment>> = {
  production: {
    name: 'production',
    loginOrigin: 'https://login.procore.com',
    apiOrigin: 'https://api.procore.com',
  },
  sandbox: {
    name: 'sandbox',
    loginOrigin: 'https://login-sandbox.procore.com',
    apiOrigin: 'https://sandbox.procore.com',
  },
  'monthly-sandbox': {
    name: 'monthly-sandbox',
    loginOrigin: 'https://login-sandbox-monthly.procore.com',
    apiOrigin: 'https://api-monthly.procore.com',
  },
  federal: {
    name: 'federal',
    loginOrigin: 'https://login.procoregov.com',
    apiOrigin: 'https://api.procoregov.com',
  },
}

const NAMES = Object.keys(ENVIRONMENTS).join(', ')

/** Hosts that were right once or never, and are still found in tutorials. */
const MISTAKEN_HOSTS: ReadonlyMap<string, string> = new Map([
  ['app.procore.com', 'it served logins until 2023; the login origin is https://login.procore.com'],
  [
    'api.sandbox.procore.com',
    'it does not exist; the API of the sandbox is https://sandbox.procore.com',
  ],
  [
    'login.sandbox.procore.com',
    'it does not exist; the login of the sandbox is https://login-sandbox.procore.com',
  ],
])

/** What {@link resolveEnvironment} found: an environment, or what is wrong. */
export type EnvironmentResult =
  | { readonly environment: Environment }
  | { readonly faults: readonly string[] }

/**
 * Turns the option `environment` into a pair of origins.
 *
 * @param input an environment's name, or a pair of origins
 * @returns the environment, or one sentence per fault
 */
export function resolveEnvironment(input: unknown): EnvironmentResult {
  if (input === undefined || input === '') {
    return {
      faults: [`environment is missing: set it (or PROCORE_ENVIRONMENT) to one of ${NAMES}`],
    }
  }
  if (typeof input === 'string') return byName(input)
  if (typeof input === 'object' && input !== null) return custom(input)
  return { faults: [`environment must be one of ${NAMES}, or { loginOrigin, apiOrigin }`] }
}

function byName(name: string): EnvironmentResult {
  const environment = Object.values(ENVIRONMENTS).find((known) => known.name === name)
  if (environment) return { environment }
  return { faults: [`environment "${name}" is unknown: it is one of ${NAMES}`] }
}

function custom(input: object): EnvironmentResult {
  const login = parseOrigin('loginOrigin', 'loginOrigin' in input ? input.loginOrigin : undefined)
  const api = parseOrigin('apiOrigin', 'apiOrigin' in input ? input.apiOrigin : undefined)
  if (typeof login === 'string' || typeof api === 'string') {
    return { faults: [login, api].filter((result) => typeof result === 'string') }
  }
  const faults = pairFaults(login, api)
  if (faults.length > 0) return { faults }
  const known = Object.values(ENVIRONMENTS).find((e) => e.loginOrigin === login.origin)
  const name = 'name' in input ? input.name : undefined
  if (name !== undefined && name !== known?.name) {
    return {
      faults: [
        `PROCORE_ENVIRONMENT contradicts PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN: set the name or the pair`,
      ],
    }
  }
  if (known?.apiOrigin === api.origin) return { environment: known }
  return {
    environment: {
      name: `${login.origin} ${api.origin}`,
      loginOrigin: login.origin,
      apiOrigin: api.origin,
    },
  }
}

/** Returns the origin, or a sentence that says what is wrong with it. */
function parseOrigin(option: string, value: unknown): URL | string {
  if (typeof value !== 'string' || value === '') {
    return `${option} is missing: a custom environment needs loginOrigin and apiOrigin (PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN)`
  }
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    return `${option} is not a URL: write it as https://host`
  }
  const url = new URL(value)
  const mistaken = MISTAKEN_HOSTS.get(url.hostname)
  if (mistaken) return `${option} ${url.origin} is wrong: ${mistaken}`
  if (url.hostname.endsWith('.')) return `${option} has a dot at the end of its host: leave it out`
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/') {
    return `${option} must be an origin alone, such as ${url.origin}, without path, query or credentials`
  }
  if (url.protocol !== 'https:' && !isLoopback(url)) {
    return `${option} must use https (http is for localhost only)`
  }
  return url
}

function pairFaults(login: URL, api: URL): string[] {
  const all = Object.values(ENVIRONMENTS)
  const byLogin = all.find((known) => known.loginOrigin === login.origin)
  const byApi = all.find((known) => known.apiOrigin === api.origin)
  const swappedLogin = all.find((known) => known.apiOrigin === login.origin)
  const swappedApi = all.find((known) => known.loginOrigin === api.origin)
  const faults: string[] = []
  if (swappedLogin) {
    faults.push(
      `loginOrigin ${login.origin} is the API of ${swappedLogin.name}: its login is ${swappedLogin.loginOrigin}`,
    )
  } else if (!byLogin && isProcoreHost(login)) {
    faults.push(`loginOrigin ${login.origin} is not a login of Procore: name one of ${NAMES}`)
  }
  if (swappedApi) {
    faults.push(
      `apiOrigin ${api.origin} is the login of ${swappedApi.name}: its API is ${swappedApi.apiOrigin}`,
    )
  } else if (!byApi && isProcoreHost(api)) {
    faults.push(`apiOrigin ${api.origin} is not an API of Procore: name one of ${NAMES}`)
  }
  if (byLogin && byApi && byLogin !== byApi) {
    faults.push(
      `loginOrigin belongs to ${byLogin.name} and apiOrigin to ${byApi.name}: with ${login.origin} goes ${byLogin.apiOrigin}`,
    )
  }
  return faults
}

function isProcoreHost(url: URL): boolean {
  return /(^|\.)procore(gov)?\.com$/.test(url.hostname)
}

/** Whether a URL stays on this machine, where plain HTTP is acceptable. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}
