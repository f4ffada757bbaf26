import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'
import { CANARY, leaks } from '../support/core-canaries.js'
import { HOUR } from '../support/core-clock.js'
import { plainGrants, REDIRECT_URI, Scene, sealedGrants, USER } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'

const OLD = 'an old secret of 32 characters or more'
const NEW = 'a new secret of 32 characters or more'
const MISMATCH = 'ERR_PROCORE_STORE_KEY_MISMATCH'

const SEALED = /^sealed:v1\.[0-9a-f]{8}\.[\w-]+$/

/** A scene whose processes seal with a secret; one user is signed in. */
async function sealedScene(secret = OLD) {
  const scene = new Scene()
  const start = (...secrets: string[]) =>
    scene.process({ grants: sealedGrants(scene.store, secrets) })
  const manager = start(secret)
  const ref = await scene.signIn(manager)
  return { scene, start, manager, ref }
}

/** Replaces what a row holds, and nothing else. */
async function rewrite(scene: Scene, key: string, change: (value: string) => string) {
  const record = await scene.memory.get(key)
  const value = change(record?.value ?? '')
  await scene.memory.put(key, { generation: record?.generation ?? '', value }, record?.generation)
}

async function everyValue(scene: Scene): Promise<string> {
  let text = ''
  for await (const key of scene.memory.list('')) text += (await scene.memory.get(key))?.value
  return text
}

function canaries(accessToken: string, refreshToken: string, issuedAt: number): TokenSet {
  return {
    accessToken: new Secret(accessToken),
    refreshToken: new Secret(refreshToken),
    issuedAt,
    lifetimeMs: HOUR,
  }
}

describe('what is stored', () => {
  test('shows no token, no user and no address at any step of a refresh', async () => {
    const { scene, ref } = await sealedScene()
    const shown: string[] = []
    const manager = scene.process({
      grants: sealedGrants(scene.store, [OLD]),
      refresh: async () => {
        shown.push(await everyValue(scene))
        return canaries(CANARY.newAccessToken, CANARY.newRefreshToken, scene.clock.now())
      },
    })
    await manager.save(ref, {
      tokens: canaries(CANARY.accessToken, CANARY.refreshToken, scene.clock.now()),
      user: USER,
      redirectUri: REDIRECT_URI,
    })
    scene.clock.advance(2 * HOUR)
    expect((await manager.use(ref)).accessToken.reveal()).toBe(CANARY.newAccessToken)
    shown.push(await everyValue(scene))
    expect(shown).toHaveLength(2)
    for (const text of shown) {
      expect(text).toMatch(SEALED)
      expect(leaks(text)).toEqual([])
      for (const plain of [USER.login, USER.id, REDIRECT_URI, 'refreshPending']) {
        expect(text).not.toContain(plain)
      }
    }
  })

  test('is plain text without a secret, and a mark is sealed like a pair with one', async () => {
    const scene = new Scene()
    const ref = await scene.signIn(scene.process())
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-1' })
    const sealed = await sealedScene()
    sealed.scene.clock.advance(2 * HOUR)
    await sealed.scene.ledger.refresh(new Secret('refresh-1'))
    await rejection(sealed.manager.use(sealed.ref))
    expect(await everyValue(sealed.scene)).toMatch(SEALED)
    expect(await sealed.start(OLD).status(sealed.ref)).toMatchObject({ reason: 'invalid_grant' })
  })

  test('is never the same twice', async () => {
    const { scene, ref } = await sealedScene()
    const grants = sealedGrants(scene.memory, [OLD])
    const grant = await grants.read(ref.key, 'jim')
    if (!grant) throw new Error('there is no grant')
    const seen = new Set<string>()
    for (let count = 0; count < 50; count += 1) {
      await grants.write(ref.key, grant, grant.generation)
      seen.add(await everyValue(scene))
    }
    expect(seen.size).toBe(50)
  })
})

describe('a row that does not open is an error, not a missing connection', () => {
  const spoilt: readonly (readonly [string, (value: string, other: string) => string])[] = [
    ['moved from another key', (_, other) => other],
    ['cut short', (value) => value.slice(0, -1)],
    ['cut short to its mark', () => 'sealed:'],
    ['without its mark', (value) => value.slice('sealed:'.length)],
    [
      'with one character changed',
      (value) => value.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A')),
    ],
    ['of another version', (value) => value.replace('v1', 'v2')],
    ['of another key id', (value) => value.replace(/\.[0-9a-f]{8}\./, '.00000000.')],
    ['empty', () => ''],
    ['plain text', () => '{"v":1,"principal":"jim","accessToken":"a","issuedAt":1,"lifetimeMs":1}'],
  ]

  test.each(spoilt)('%s', async (_, spoil) => {
    const { scene, start, ref } = await sealedScene()
    const other = await scene.memory.get((await scene.signIn(start(OLD), 'ann')).key)
    await rewrite(scene, ref.key, (value) => spoil(value, other?.value ?? ''))
    const before = await scene.memory.get(ref.key)
    const manager = start(OLD)
    for (const call of [
      () => manager.use(ref),
      () => manager.replace(ref, 'any'),
      () => manager.status(ref),
      () => manager.isConnected(ref),
      () => manager.user(ref),
      () => manager.disconnect(ref),
    ]) {
      const error = await rejection(call())
      expect(error).toMatchObject({ code: MISMATCH, status: 500 })
      expect(error.message).not.toMatch(/access-|refresh-|sealed:v1/)
    }
    expect(await scene.memory.get(ref.key)).toEqual(before)
    expect([...scene.ledger.refreshes, ...scene.ledger.revocations]).toEqual([])
    expect(scene.events).toEqual([])
  })

  test('with another secret', async () => {
    const { start, ref } = await sealedScene()
    expect(await codeOf(start(NEW).use(ref))).toBe(MISMATCH)
    expect((await start(NEW, OLD).use(ref)).accessToken.reveal()).toBe('access-1')
  })

  test('with no secret any more', async () => {
    const { scene, ref } = await sealedScene()
    const manager = scene.process({ grants: plainGrants(scene.memory) })
    expect(await codeOf(manager.use(ref))).toBe(MISMATCH)
  })

  test('and is replaced by a sign-in', async () => {
    const { scene, start, ref } = await sealedScene()
    const manager = start(NEW)
    expect(await codeOf(manager.use(ref))).toBe(MISMATCH)
    await scene.signIn(manager)
    expect((await start(NEW).use(ref)).accessToken.reveal()).toBe('access-2')
  })
})

describe('a row from before there was a secret', () => {
  async function plainScene() {
    const scene = new Scene()
    const ref = await scene.signIn(scene.process())
    const start = (acceptsPlaintext: boolean) =>
      scene.process({ grants: sealedGrants(scene.store, [OLD], { acceptsPlaintext }) })
    return { scene, ref, start }
  }

  test('is refused, so that nobody can slip one in', async () => {
    const { ref, start } = await plainScene()
    expect(await codeOf(start(false).use(ref))).toBe(MISMATCH)
  })

  test('is accepted where that was asked for, and sealed with its next write', async () => {
    const { scene, ref, start } = await plainScene()
    const manager = start(true)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    expect(await everyValue(scene)).toContain('access-1')
    scene.clock.advance(2 * HOUR)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(await everyValue(scene)).toMatch(SEALED)
    expect((await start(false).use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('a sealed row is not guessed to be plain text, also there', async () => {
    const { scene, start, ref } = await plainScene()
    await start(true).save(ref, {
      tokens: scene.ledger.issue(),
      user: USER,
      redirectUri: REDIRECT_URI,
    })
    await rewrite(scene, ref.key, (value) => value.slice(0, -4))
    expect(await codeOf(start(true).use(ref))).toBe(MISMATCH)
  })
})

test('the same secret of another environment or application opens nothing', async () => {
  const { scene, ref } = await sealedScene()
  const value = (await scene.memory.get(ref.key))?.value ?? ''
  const grants = sealedGrants(scene.memory, [OLD])
  for (const key of [
    ref.key.replace('sandbox', 'production'),
    ref.key.replace('client-id', 'other-id'),
    ref.key.replace('authorization_code', 'client_credentials'),
  ]) {
    await scene.memory.put(key, { generation: 'g', value }, undefined)
    expect(await codeOf(grants.read(key, 'jim'))).toBe(MISMATCH)
  }
})
