import { describe, expect, test } from 'vitest'
import { startWire, type Wire } from '../support/core-over-the-wire.js'
import { codeOf } from '../support/core-rejection.js'

const HOUR = 3_600_000
/** A thousand calls take a while on a busy machine. */
const MANY = { timeout: 60_000 } as const

/** A Procore with one expired grant. */
async function expired(refreshMode: 'strict' | 'on-use' = 'strict') {
  const wire = await startWire({ refreshMode })
  const manager = wire.process({ timeoutMs: 1_000 })
  const ref = await wire.signIn(manager)
  wire.procore.clock.advance(2 * HOUR)
  return { wire, manager, ref, refreshes: () => wire.procore.ledger.refreshes().length }
}

const fault = (wire: Wire, what: { kind: 'close'; when: 'before-commit' | 'after-commit' }) =>
  wire.procore.faults.add({ on: 'token', grantType: 'refresh_token', ...what })

test('1,000 callers of two processes on one expired grant cause one POST', MANY, async () => {
  const { wire, manager, ref, refreshes } = await expired()
  const processes = [manager, wire.process()]
  const calls = Array.from({ length: 1_000 }, (_, index) => processes[index % 2]?.use(ref))
  const used = await Promise.all(calls)
  expect(refreshes()).toBe(1)
  expect(new Set(used.map((token) => token?.generation)).size).toBe(1)
  const [first] = used
  expect(first && (await wire.honours(first.accessToken))).toBe(true)
})

test('a single-use token is never sent twice by three refreshes in a row', async () => {
  const { wire, manager, ref, refreshes } = await expired()
  for (let count = 0; count < 3; count += 1) {
    await manager.use(ref)
    wire.procore.clock.advance(2 * HOUR)
  }
  expect(refreshes()).toBe(3)
  expect(wire.procore.ledger.count({ reusedRefreshToken: true })).toBe(0)
})

describe('an answer that is lost', () => {
  test.each(['strict', 'on-use'] as const)(
    'before the commit costs a second POST (%s)',
    async (mode) => {
      const { wire, manager, ref, refreshes } = await expired(mode)
      fault(wire, { kind: 'close', when: 'before-commit' })
      expect(await wire.honours((await manager.use(ref)).accessToken)).toBe(true)
      expect(refreshes()).toBe(2)
      expect(wire.events).toEqual(['tokens-refreshed'])
    },
  )

  test('after the commit costs the grant where tokens are strictly single-use', async () => {
    const { wire, manager, ref, refreshes } = await expired('strict')
    fault(wire, { kind: 'close', when: 'after-commit' })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    expect(refreshes()).toBe(2)
    expect(wire.events).toEqual(['reauthorization-required'])
  })

  test('after the commit costs a second POST where the old one lives until the new one is used', async () => {
    const { wire, manager, ref, refreshes } = await expired('on-use')
    fault(wire, { kind: 'close', when: 'after-commit' })
    expect(await wire.honours((await manager.use(ref)).accessToken)).toBe(true)
    expect(refreshes()).toBe(2)
  })
})

test.each<[string, Parameters<Wire['procore']['faults']['add']>[0]]>([
  ['a page of a proxy', { on: 'token', kind: 'html-error', status: 502, times: 2 }],
  ['503', { on: 'token', kind: 'status', status: 503, retryAfterSeconds: 1, times: 2 }],
  ['a redirect', { on: 'token', kind: 'redirect', location: 'https://evil.example/', times: 2 }],
  ['silence', { on: 'token', kind: 'latency', ms: 1_500, times: 2 }],
])('%s twice is told, and the grant is kept', async (_, what) => {
  const { wire, manager, ref, refreshes } = await expired()
  wire.procore.faults.add(what)
  expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
  expect(refreshes()).toBe(2)
  expect(wire.events).toEqual(['refresh-failed'])
  expect((await manager.status(ref)).state).toBe('connected')
})

test.each([400, 401])('a user who disconnected the app is told once (%i)', async (status) => {
  const { wire, manager, ref, refreshes } = await expired()
  const [user] = wire.procore.users
  if (user) wire.procore.revoke(user)
  if (status === 401) wire.procore.faults.add({ on: 'token', kind: 'unauthorized-invalid-grant' })
  const calls = Array.from({ length: 100 }, () => codeOf(manager.use(ref)))
  expect(new Set(await Promise.all(calls))).toEqual(
    new Set(['ERR_PROCORE_REAUTHORIZATION_REQUIRED']),
  )
  expect(refreshes()).toBe(1)
  expect(wire.events).toEqual(['reauthorization-required'])
})

describe.each(['strict', 'on-use'] as const)(
  'after a disconnect neither token works (%s)',
  (mode) => {
    test.each(['alive', 'expired', 'refreshed and never used'])(
      'access token %s',
      async (state) => {
        const wire = await startWire({ refreshMode: mode })
        const manager = wire.process()
        const ref = await wire.signIn(manager)
        const { accessToken, generation } = await manager.use(ref)
        if (state === 'expired') wire.procore.clock.advance(2 * HOUR)
        const current =
          state === 'refreshed and never used' ? await manager.replace(ref, generation) : undefined
        await manager.disconnect(ref)
        expect(await wire.honours(current?.accessToken ?? accessToken)).toBe(false)
        expect((await manager.status(ref)).state).toBe('not-connected')
        expect(wire.procore.ledger.count({ path: '/oauth/revoke', status: 200 })).toBe(1)
      },
    )
  },
)

test('a revocation that does nothing is noticed, and the grant is kept', async () => {
  const wire = await startWire()
  const manager = wire.process()
  const ref = await wire.signIn(manager)
  wire.procore.faults.add({ on: 'revoke', kind: 'silent-revoke' })
  expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
  expect((await manager.status(ref)).state).toBe('connected')
})

test('100 parallel first calls of a service account cause one POST', async () => {
  const wire = await startWire()
  const manager = wire.process()
  const ref = manager.ref('client_credentials', 'service-account')
  const used = await Promise.all(Array.from({ length: 100 }, () => manager.use(ref)))
  expect(wire.procore.ledger.tokenRequests('client_credentials')).toHaveLength(1)
  expect(new Set(used.map(({ generation }) => generation)).size).toBe(1)
})
