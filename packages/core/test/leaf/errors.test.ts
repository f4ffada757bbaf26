import { describe, expect, test } from 'vitest'
import {
  AppNotInstalledError,
  ConfigurationError,
  ERROR_TABLE,
  isProcoreAuthError,
  ProcoreApiError,
  ProcoreAuthError,
  ReauthorizationRequiredError,
  TokenRequestError,
} from '../../src/errors.js'

const API = { status: 404, method: 'GET', path: '/x', requestId: 'r-1', body: { a: 1 } } as const

test('every code has a status and a sentence', () => {
  for (const [code, [status, summary]] of Object.entries(ERROR_TABLE)) {
    expect(code).toMatch(/^ERR_PROCORE_[A-Z_]+$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
    expect(summary).toMatch(/^[A-Z].*\.$/)
  }
})

test('an error has its code in its message, its status and its sentence', () => {
  const error = new ProcoreAuthError('ERR_PROCORE_STATE_MISMATCH', 'what to do')
  expect(error).toMatchObject({
    name: 'ProcoreAuthError',
    message: 'what to do [ERR_PROCORE_STATE_MISMATCH]',
    code: 'ERR_PROCORE_STATE_MISMATCH',
    status: 403,
    summary: 'This sign-in was not started in this browser.',
  })
  expect('cause' in error).toBe(false)
})

test('a cause is kept where there is one', () => {
  const cause = new Error('beneath')
  expect(new ProcoreAuthError('ERR_PROCORE_API', 'x', { cause }).cause).toBe(cause)
  const details = { outcome: 'unknown', cause } as const
  const lost = new TokenRequestError('ERR_PROCORE_TOKEN_RESPONSE_LOST', 'x', details)
  expect(lost).toMatchObject({ cause, outcome: 'unknown', oauthError: undefined })
  const rejected = new TokenRequestError('ERR_PROCORE_CODE_REJECTED', 'x', { outcome: 'rejected' })
  expect('cause' in rejected).toBe(false)
})

test('configuration faults are listed one by one', () => {
  const error = new ConfigurationError(['one', 'two'])
  expect(error.faults).toEqual(['one', 'two'])
  expect(error.message).toContain('\n  - one\n  - two')
  expect(error).toMatchObject({ name: 'ConfigurationError', code: 'ERR_PROCORE_CONFIGURATION' })
})

test('who must sign in is told why and since when', () => {
  const ended = new ReauthorizationRequiredError({ principal: 'p', reason: 'not-connected' })
  expect(ended).toMatchObject({ code: 'ERR_PROCORE_NOT_CONNECTED', status: 401, since: undefined })
  const marked = new ReauthorizationRequiredError({ principal: 'p', reason: 'x', since: 7 })
  expect(marked).toMatchObject({
    name: 'ReauthorizationRequiredError',
    code: 'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
    principal: 'p',
    reason: 'x',
    since: 7,
  })
})

test('an error of the API has the status of the answer, not of the table', () => {
  const error = new ProcoreApiError(API)
  expect(error).toMatchObject({ ...API, code: 'ERR_PROCORE_API', name: 'ProcoreApiError' })
  expect(error.message).toContain('404 to GET /x')
  const installed = new AppNotInstalledError({ ...API, status: 401 })
  expect(installed).toBeInstanceOf(ProcoreApiError)
  expect(installed).toMatchObject({ code: 'ERR_PROCORE_APP_NOT_INSTALLED', status: 401 })
  expect(installed.message).toContain('install the app')
})

describe('errors are recognized', () => {
  test('in every subclass', () => {
    for (const error of [
      new ProcoreAuthError('ERR_PROCORE_API', 'x'),
      new ConfigurationError([]),
      new AppNotInstalledError(API),
      new ReauthorizationRequiredError({ principal: 'p', reason: 'x' }),
    ]) {
      expect(isProcoreAuthError(error)).toBe(true)
      expect(error).toBeInstanceOf(Error)
      expect(error.stack).toContain('errors.test.ts')
    }
  })

  test('from another copy of the package', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('@procore-auth/error'), {
      value: true,
    })
    expect(isProcoreAuthError(foreign)).toBe(true)
  })

  test.each([
    undefined,
    null,
    'ERR_PROCORE_API',
    new Error('x'),
    Object.assign(new Error('x'), { code: 'ERR_PROCORE_API', status: 500 }),
    { [Symbol.for('@procore-auth/error')]: true },
  ])('and nothing else is (%#)', (value) => {
    expect(isProcoreAuthError(value)).toBe(false)
  })

  test('the mark does not show', () => {
    const error = new ProcoreAuthError('ERR_PROCORE_API', 'x')
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([])
  })
})
