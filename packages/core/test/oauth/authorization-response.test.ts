import { describe, expect, test } from 'vitest'
import { readAuthorizationResponse } from '../../src/oauth/authorization-response.js'
import { CANARY, leaks } from '../support/core-canaries.js'
import { thrown } from '../support/core-rejection.js'

const read = (query: string) => readAuthorizationResponse(new URLSearchParams(query))

test('code and state are read as they came', () => {
  expect(read('code=abc~1&state=xyz&extra=1')).toEqual({ code: 'abc~1', state: 'xyz' })
})

test('what Doorkeeper escapes comes back as it was sent', () => {
  const { state } = read('code=c&state=a%22b%26c%3Dd%2F%25')
  expect(state).toBe('a"b&c=d/%')
})

test('a denial is told with the state it belongs to', () => {
  const answer = read('error=access_denied&error_description=The+owner+denied&state=xyz')
  expect(answer.state).toBe('xyz')
  expect(answer).toMatchObject({ error: { code: 'ERR_PROCORE_ACCESS_DENIED', status: 403 } })
})

test('an error counts also when a code comes with it', () => {
  expect(read('error=access_denied&code=abc&state=xyz')).not.toHaveProperty('code')
})

test.each([
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
])('the error %s of RFC 6749 is named', (error) => {
  const answer = read(`error=${error}&state=xyz`)
  expect(answer).toMatchObject({ error: { code: 'ERR_PROCORE_AUTHORIZATION_FAILED' } })
  expect('error' in answer && answer.error.message).toContain(error)
})

test.each(['', 'made_up', '%3Cscript%3E', 'a%0D%0Ab', 'a%00b', 'constructor', CANARY.code])(
  'an unknown error "%s" is not repeated',
  (error) => {
    const answer = read(`error=${error}&error_description=${CANARY.code}&state=xyz`)
    expect(answer).toMatchObject({ error: { code: 'ERR_PROCORE_AUTHORIZATION_FAILED' } })
    if (!('error' in answer)) throw new Error('no error')
    expect(answer.error.message).toContain('an unknown error')
    expect(leaks(answer.error)).toEqual([])
  },
)

describe('a doubled parameter is refused', () => {
  test.each([
    'code=a&code=b&state=x',
    'code=a&code=a&state=x',
    'code=a&state=x&state=x',
    'code=a&state=x&state=y',
    'error=access_denied&error=access_denied&state=x',
    'code=&code=a&state=x',
    `code=${CANARY.code}&code=${CANARY.code}&state=x`,
  ])('%s', (query) => {
    const error = thrown(() => read(query))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_CALLBACK_INVALID', status: 400 })
    expect(leaks(error)).toEqual([])
  })
})

const UNUSABLE = ['', '%0D%0Aset-cookie%3Ax', 'a%0Ab', 'a%0D', 'a%00b', 'a+b', 'a%7Fb', '%C3%A9']

describe('a state that no login of ours could have is refused', () => {
  test.each([...UNUSABLE, 'x'.repeat(2_049)])('state=%s', (state) => {
    const error = thrown(() => read(`code=${CANARY.code}&state=${state}`))
    expect(error.code).toBe('ERR_PROCORE_STATE_MISMATCH')
    expect(leaks(error)).toEqual([])
  })

  test.each(['', 'code=abc', 'error=access_denied'])('without a state: "%s"', (query) => {
    expect(thrown(() => read(query)).code).toBe('ERR_PROCORE_STATE_MISMATCH')
  })
})

describe('a code that Procore could not have given is refused', () => {
  test.each([...UNUSABLE, 'x'.repeat(2_049)])('code=%s', (code) => {
    expect(thrown(() => read(`code=${code}&state=xyz`)).code).toBe('ERR_PROCORE_CALLBACK_INVALID')
  })

  test('without a code and without an error', () => {
    expect(thrown(() => read('state=xyz')).code).toBe('ERR_PROCORE_CALLBACK_INVALID')
  })

  test('the longest that is taken has 2,048 characters', () => {
    expect(read(`code=${'x'.repeat(2_048)}&state=xyz`)).toHaveProperty('code')
  })
})
