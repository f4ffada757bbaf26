import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProcoreAuth, MemoryTokenStore, type ProcoreAuthOptions } from '../../src/index.js'
import { CANARY, WebProcore } from '../support/web-procore.js'

const OLD = 'an old secret of 32 characters or more'
const NEW = 'a new secret of 32 characters or more'
const mismatch = { code: 'ERR_PROCORE_STORE_KEY_MISMATCH' }

let procore: WebProcore
let tokenStore: MemoryTokenStore

beforeEach(async () => {
  procore = await WebProcore.start()
  tokenStore = new MemoryTokenStore()
})
afterEach(() => procore.close())

const start = (more: Partial<ProcoreAuthOptions>) =>
  createProcoreAuth(procore.options({ tokenStore, ...more }))
const signIn = (more: Partial<ProcoreAuthOptions>) => procore.signedIn({ tokenStore, ...more })

async function dump(): Promise<string> {
  let text = ''
  for await (const key of tokenStore.list('')) text += (await tokenStore.get(key))?.value
  return text
}

describe('stored grants', () => {
  it('are encrypted as soon as there is a secret, without a redirect URI too', async () => {
    const auth = await signIn({ secret: OLD })
    await auth.forService().forCompany(1).get('/rest/v1.0/companies')
    expect(await dump()).toMatch(/^(sealed:v1\.[0-9a-f]{8}\.[\w-]+){2}$/)
    expect(await dump()).not.toContain(CANARY)
    expect(await start({ secret: OLD }).status('jim')).toMatchObject({ state: 'connected' })
  })

  it('are not encrypted without one', async () => {
    await signIn({})
    expect(await dump()).toContain(CANARY)
  })

  it('from before the secret are refused, or taken over where that is asked for', async () => {
    await signIn({})
    await expect(start({ secret: OLD }).status('jim')).rejects.toMatchObject(mismatch)
    const auth = start({ secret: OLD, acceptPlaintextGrants: true })
    expect(await auth.status('jim')).toMatchObject({ state: 'connected' })
    expect(await auth.rotateKeys()).toEqual({ seen: 1, rotated: 1, unreadable: 0 })
    expect(await start({ secret: OLD }).status('jim')).toMatchObject({ state: 'connected' })
  })

  it('get a new key while the application runs, and the old secret can go', async () => {
    await signIn({ secret: OLD })
    const seen: number[] = []
    const auth = start({ secret: [NEW, OLD] })
    await auth.rotateKeys({ onProgress: (progress) => seen.push(progress.rotated) })
    expect(seen).toEqual([1])
    await expect(start({ secret: OLD }).status('jim')).rejects.toMatchObject(mismatch)
    expect(await start({ secret: NEW }).status('jim')).toMatchObject({ state: 'connected' })
  })
})

describe('people who left', () => {
  it('lose their grants, and nobody else does', async () => {
    const auth = await signIn({ secret: OLD })
    await auth.installedApp({ principal: 'ann' }).complete('a-code-of-procore')
    const seen: number[] = []
    const result = await auth.revokeAll(({ principal }) => principal === 'jim', {
      onProgress: (progress) => seen.push(progress.seen),
    })
    expect(result).toEqual({ seen: 2, revoked: 1, failed: [] })
    expect(seen).toEqual([1, 2])
    expect(await auth.status('jim')).toEqual({ state: 'not-connected' })
    expect(await auth.status('ann')).toMatchObject({ state: 'connected' })
    expect(procore.count('/oauth/revoke')).toBe(1)
  })
})
