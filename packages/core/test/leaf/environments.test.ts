import { describe, expect, test } from 'vitest'
import { ENVIRONMENTS, isLoopback, resolveEnvironment } from '../../src/environments.js'

const LOGIN = 'https://login.procore.com'
const API = 'https://api.procore.com'

function faultsOf(input: unknown): string {
  const result = resolveEnvironment(input)
  if (!('faults' in result)) throw new Error(`accepted as ${result.environment.name}`)
  expect(result.faults.length).toBeGreaterThan(0)
  return result.faults.join('\n')
}

const pairFaults = (loginOrigin: unknown, apiOrigin: unknown) =>
  faultsOf({ loginOrigin, apiOrigin })

describe('an environment of Procore', () => {
  test.each([
    ['production', LOGIN, API],
    ['sandbox', 'https://login-sandbox.procore.com', 'https://sandbox.procore.com'],
    [
      'monthly-sandbox',
      'https://login-sandbox-monthly.procore.com',
      'https://api-monthly.procore.com',
    ],
    ['federal', 'https://login.procoregov.com', 'https://api.procoregov.com'],
  ])('%s has its two origins, by name and by pair', (name, loginOrigin, apiOrigin) => {
    const environment = { name, loginOrigin, apiOrigin }
    expect(resolveEnvironment(name)).toEqual({ environment })
    expect(resolveEnvironment({ loginOrigin, apiOrigin })).toEqual({ environment })
    expect(resolveEnvironment({ name, loginOrigin, apiOrigin })).toEqual({ environment })
    const spelled = { loginOrigin: `${loginOrigin.toUpperCase()}:443/`, apiOrigin: `${apiOrigin}/` }
    expect(resolveEnvironment(spelled)).toEqual({ environment })
  })

  test.each(['Production', 'prod', 'staging', ' sandbox', 'constructor', '__proto__', 'toString'])(
    'is not "%s"; the fault names those there are',
    (name) => {
      const text = faultsOf(name)
      for (const known of Object.keys(ENVIRONMENTS)) expect(text).toContain(known)
    },
  )

  test.each([undefined, ''])('has no default (%j)', (input) => {
    expect(faultsOf(input)).toContain('PROCORE_ENVIRONMENT')
  })

  test.each([null, 5, true, Symbol('x'), () => 'sandbox'])('is a name or a pair (%#)', (input) => {
    expect(faultsOf(input)).toContain('environment must be')
  })
})

describe('every wrong pair is refused with the right host named', () => {
  const environments = Object.values(ENVIRONMENTS)
  const mixed = environments.flatMap((login) =>
    environments.filter((api) => api !== login).map((api) => [login, api] as const),
  )

  test.each(mixed)('$name with another API', (login, api) => {
    const text = pairFaults(login.loginOrigin, api.apiOrigin)
    expect(text).toContain(login.apiOrigin)
    expect(text).toContain(api.name)
  })

  test.each(environments)('$name swapped', ({ loginOrigin, apiOrigin }) => {
    const text = pairFaults(apiOrigin, loginOrigin)
    expect(text).toContain(`its login is ${loginOrigin}`)
    expect(text).toContain(`its API is ${apiOrigin}`)
  })

  test.each<[string, string, string]>([
    ['https://app.procore.com', API, LOGIN],
    [LOGIN, 'https://app.procore.com', LOGIN],
    ['http://app.procore.com', API, LOGIN],
    ['https://app.procore.com/oauth', API, LOGIN],
    [
      'https://sandbox.procore.com',
      'https://sandbox.procore.com',
      ENVIRONMENTS.sandbox.loginOrigin,
    ],
    [
      ENVIRONMENTS.sandbox.loginOrigin,
      'https://api.sandbox.procore.com',
      'https://sandbox.procore.com',
    ],
    [
      'https://login.sandbox.procore.com',
      'https://sandbox.procore.com',
      ENVIRONMENTS.sandbox.loginOrigin,
    ],
    [API, API, LOGIN],
    [LOGIN, LOGIN, API],
    [LOGIN, 'https://sandbox.procore.com', API],
    [ENVIRONMENTS.sandbox.loginOrigin, API, 'https://sandbox.procore.com'],
    ['https://login.procore.com:8443', API, 'production'],
    [LOGIN, 'https://us02.procore.com', 'production'],
    ['https://procore.com', API, 'production'],
    ['https://login2.procoregov.com', 'https://api.procoregov.com', 'federal'],
  ])('%s with %s', (login, api, right) => {
    expect(pairFaults(login, api)).toContain(right)
  })
})

describe('an origin is an origin alone', () => {
  test.each([
    'https://host.example/path',
    'https://host.example/?q=1',
    'https://host.example/#f',
    'https://jim:pass-word@host.example',
    'https://jim@host.example',
    'http://host.example',
    'http://10.0.0.1',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://0.0.0.0:4000',
    'ftp://host.example',
    'file:///etc/passwd',
    'localhost:4000',
    'host.example',
    'host.example:443',
    '//host.example',
    'javascript:alert(1)',
    'https://',
    'not a url',
    '',
    5,
    null,
    undefined,
    {},
  ])('%j is refused on either side', (value) => {
    const texts = [pairFaults(value, 'https://x.example'), pairFaults('https://x.example', value)]
    expect(texts[0]).toContain('loginOrigin')
    expect(texts[1]).toContain('apiOrigin')
    for (const text of texts) {
      expect(text).not.toContain('pass-word')
      expect(text).not.toContain('null')
    }
  })

  test('both faults are told at once', () => {
    const result = resolveEnvironment({})
    expect('faults' in result && result.faults).toHaveLength(2)
  })
})

describe('an own pair', () => {
  test.each([
    ['http://localhost:4567', 'http://localhost:4568'],
    ['http://127.0.0.1:4567', 'http://127.0.0.1:4567'],
    ['http://[::1]:4567', 'http://procore.localhost:1'],
    ['https://proxy.example', 'https://proxy.example'],
    ['https://notprocore.com', 'https://procore.com.example'],
    ['https://constructor', 'https://tostring'],
  ])('%s with %s is taken, under a name of its own', (loginOrigin, apiOrigin) => {
    const name = `${loginOrigin} ${apiOrigin}`
    expect(resolveEnvironment({ loginOrigin, apiOrigin })).toEqual({
      environment: { name, loginOrigin, apiOrigin },
    })
  })

  test('two pairs never share a name', () => {
    const names = [
      { loginOrigin: 'https://a', apiOrigin: 'https://b' },
      { loginOrigin: 'https://b', apiOrigin: 'https://a' },
      { loginOrigin: 'https://a', apiOrigin: 'https://b:8443' },
    ].map((input) => {
      const result = resolveEnvironment(input)
      return 'environment' in result ? result.environment.name : ''
    })
    expect(new Set(names).size).toBe(3)
  })

  test.each([
    { name: 'sandbox', loginOrigin: LOGIN, apiOrigin: API },
    { name: 'sandbox', loginOrigin: 'http://localhost:1', apiOrigin: 'http://localhost:2' },
    { name: 'mine', loginOrigin: 'http://localhost:1', apiOrigin: 'http://localhost:2' },
  ])('must not contradict a name that is set as well (%o)', (input) => {
    expect(faultsOf(input)).toContain('contradicts')
  })
})

test.each([
  ['http://localhost', true],
  ['http://app.localhost:3000', true],
  ['http://127.9.9.9', true],
  ['http://[::1]', true],
  ['http://[::2]', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://0.0.0.0', false],
  ['http://xlocalhost', false],
])('whether %s stays on this machine: %s', (url, loopback) => {
  expect(isLoopback(new URL(url))).toBe(loopback)
})
