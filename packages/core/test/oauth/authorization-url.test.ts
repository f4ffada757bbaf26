import { expect, test } from 'vitest'
import { authorizationUrl } from '../../src/oauth/authorization-url.js'
import { OUT_OF_BAND } from '../../src/oauth/client.js'
import { leaks } from '../support/core-canaries.js'
import { createOAuthClient } from '../support/core-oauth-client.js'

const client = () => createOAuthClient('https://login.procore.com')
const redirectUri = 'https://app.example/auth/procore/callback'

test('the URL has exactly the parameters that Procore documents', () => {
  expect(authorizationUrl(client(), { redirectUri, state: 'abc123' })).toBe(
    'https://login.procore.com/oauth/authorize?response_type=code&client_id=client-id' +
      '&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fprocore%2Fcallback&state=abc123',
  )
})

test('out of band there is no state', () => {
  const url = new URL(authorizationUrl(client(), { redirectUri: OUT_OF_BAND }))
  expect([...url.searchParams]).toEqual([
    ['response_type', 'code'],
    ['client_id', 'client-id'],
    ['redirect_uri', 'urn:ietf:wg:oauth:2.0:oob'],
  ])
})

test('a scope is asked for only where one is configured', () => {
  const scoped = { ...client(), scope: 'read write' }
  const url = new URL(authorizationUrl(scoped, { redirectUri, state: 's' }))
  expect(url.searchParams.get('scope')).toBe('read write')
})

test('no value can add a parameter or change the address', () => {
  const odd = 'x&client_secret=1#frag?/é "'
  const url = new URL(
    authorizationUrl({ ...client(), clientId: odd }, { redirectUri: odd, state: odd }),
  )
  expect(url.origin + url.pathname).toBe('https://login.procore.com/oauth/authorize')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: odd,
    redirect_uri: odd,
    state: odd,
  })
  expect(url.hash).toBe('')
})

test('the client secret is not in the URL', () => {
  expect(leaks(authorizationUrl(client(), { redirectUri, state: 's' }))).toEqual([])
})
