import { expect, test } from 'vitest'
import { type RevocationProgress, revokeAll } from '../../src/tokens/revoke-all.js'
import { noAnswer } from '../support/core-ledger.js'
import { Scene, sealedGrants, USER } from '../support/core-manager.js'
import { codeOf } from '../support/core-rejection.js'

const NAMES = ['ann', 'ben', 'c:d/é', 'dan'] as const

async function connectedScene() {
  const scene = new Scene()
  const manager = scene.process()
  for (const name of NAMES) await scene.signIn(manager, name)
  const connected = async () => {
    const found: string[] = []
    for await (const principal of manager.principals()) found.push(principal)
    return found
  }
  return { scene, manager, connected }
}

test('all that the filter picks are ended, the others work on', async () => {
  const { scene, manager, connected } = await connectedScene()
  const asked: unknown[] = []
  const leavers: readonly string[] = ['ann', 'c:d/é']
  const result = await revokeAll(manager, (one) => {
    asked.push(one)
    return leavers.includes(one.principal)
  })
  expect(result).toEqual({ seen: 4, revoked: 2, failed: [] })
  expect(asked).toEqual(NAMES.map((principal) => ({ principal, user: USER })))
  expect(await connected()).toEqual(['ben', 'dan'])
  expect(scene.ledger.revocations).toEqual(['access-1', 'access-3'])
  expect(scene.ledger.alive()).toBe(2)
  expect(scene.eventNames()).toEqual(['disconnected', 'disconnected'])
})

test('the filter may pick by the user of Procore, and may take its time', async () => {
  const { manager } = await connectedScene()
  const picked = await revokeAll(manager, async ({ user }) => user?.login === USER.login)
  expect(picked.revoked).toBe(4)
})

test('progress is told after every grant', async () => {
  const { manager } = await connectedScene()
  const seen: RevocationProgress[] = []
  await revokeAll(
    manager,
    ({ principal }) => principal !== 'ben',
    (progress) => seen.push(progress),
  )
  expect(seen.map((one) => [one.seen, one.revoked])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 3],
  ])
})

test('one that Procore does not confirm is kept and named, and the rest are ended', async () => {
  const { scene, manager, connected } = await connectedScene()
  scene.ledger.nextRevoke.push(
    (act) => act(),
    () => {
      throw noAnswer()
    },
    () => undefined,
  )
  const { seen, revoked, failed } = await revokeAll(manager, () => true)
  expect([seen, revoked]).toEqual([4, 2])
  expect(failed.map(({ principal, error }) => [principal, error.code])).toEqual([
    ['ben', 'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE'],
    ['c:d/é', 'ERR_PROCORE_DISCONNECT_FAILED'],
  ])
  expect(await connected()).toEqual(['ben', 'c:d/é'])
  expect((await revokeAll(manager, () => true)).revoked).toBe(2)
  expect(scene.ledger.alive()).toBe(0)
})

test('one that cannot be read is named, and the rest are ended', async () => {
  const { scene } = await connectedScene()
  const secret = 'a secret of 32 characters or more!'
  const manager = scene.process({ grants: sealedGrants(scene.memory, [secret]) })
  for (const name of NAMES.slice(1)) await scene.signIn(manager, name)
  const { revoked, failed } = await revokeAll(manager, () => true)
  expect(revoked).toBe(3)
  expect(failed).toMatchObject([
    { principal: 'ann', error: { code: 'ERR_PROCORE_STORE_KEY_MISMATCH' } },
  ])
})

test('a service account is no user', async () => {
  const { scene, manager } = await connectedScene()
  const service = manager.ref('client_credentials', 'service-account')
  await manager.use(service)
  await revokeAll(manager, () => true)
  expect(await scene.stored(service)).toBeDefined()
})

test('a filter that fails ends the run: it is not guessed whom it meant', async () => {
  const { scene, manager } = await connectedScene()
  const filter = (): never => {
    throw new TypeError('a bug')
  }
  await expect(revokeAll(manager, filter)).rejects.toThrow(TypeError)
  expect(scene.ledger.revocations).toEqual([])
})

test('a store that is down is an error for each', async () => {
  const { scene, manager } = await connectedScene()
  scene.store.down.add('get')
  const { revoked, failed } = await revokeAll(manager, () => true)
  expect([revoked, failed.length]).toEqual([0, 4])
  expect(await codeOf(Promise.reject(failed[0]?.error))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
})
