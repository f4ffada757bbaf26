import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProcoreClient } from '../../src/index.js'
import { WebProcore } from '../support/web-procore.js'

let procore: WebProcore
let user: ProcoreClient
let service: ProcoreClient

beforeEach(async () => {
  procore = await WebProcore.start()
  const auth = await procore.signedIn()
  user = auth.forUser('jim')
  service = auth.forService()
})
afterEach(() => procore.close())

const missing = { code: 'ERR_PROCORE_COMPANY_MISSING' }
const invalid = { code: 'ERR_PROCORE_ARGUMENT_INVALID' }

describe('the company of a call', () => {
  it('is sent as Procore-Company-Id by every method', async () => {
    const client = user.forCompany(42)
    await client.get('/rest/v1.0/projects')
    await client.post('/rest/v1.0/projects', {})
    await client.put('/rest/v1.0/projects/1', {})
    await client.patch('/rest/v1.0/projects/1', {})
    await client.delete('/rest/v1.0/projects/1')
    await client.fetch('/rest/v1.0/projects')
    const companies = procore.apiCalls.map(({ headers }) => headers['procore-company-id'])
    expect(companies).toEqual(Array(6).fill('42'))
  })

  it.each([
    ['a number beyond 32 bits', 562949953430360, '562949953430360'],
    ['text beyond 53 bits', '18446744073709551615', '18446744073709551615'],
    ['the largest exact number', Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('reaches Procore digit by digit: %s', async (_, id, text) => {
    await user.forCompany(id).get('/rest/v1.0/projects')
    expect(procore.apiCalls[0]?.headers['procore-company-id']).toBe(text)
  })

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1e21,
    '',
    ' 42',
    '42 ',
    '42\n',
    '042',
    '0x2a',
    '4e2',
    '+42',
    '-42',
    '42,43',
    '42\r\nx-evil: 1',
    '٤٢',
    'undefined',
    'null',
    '9'.repeat(21),
  ])('is refused at once when it is no id: %j', (id) => {
    expect(() => user.forCompany(id)).toThrow(expect.objectContaining(invalid))
  })

  it.each([undefined, null, {}, [42], [], true, 42n, Symbol('42')])(
    'is refused at once when plain JavaScript passes %s',
    (id) => {
      const untyped: unknown = Reflect.get(user, 'forCompany')
      if (typeof untyped !== 'function') throw new TypeError('no forCompany')
      expect(() => untyped.call(user, id)).toThrow(expect.objectContaining(invalid))
    },
  )

  it('is missing before anything is sent', async () => {
    await expect(user.get('/rest/v1.0/projects?company_id=42')).rejects.toMatchObject(missing)
    await expect(user.fetch('/rest/v1.0/projects')).rejects.toMatchObject(missing)
    expect(procore.seen).toEqual([])
  })

  it.each(['/rest/v1.0/me', '/rest/v1.0/companies', '/rest/v1.0/companies?page=2'])(
    'is not needed by a user for GET %s',
    async (path) => {
      await user.get(path)
      await user.fetch(path)
      expect(procore.apiCalls).toHaveLength(2)
      expect(procore.apiCalls[0]?.headers).not.toHaveProperty('procore-company-id')
    },
  )

  it.each([
    '/rest/v1.0/companies/42',
    '/rest/v1.0/companies/42/projects',
    '/rest/v1.0/mex',
    '/rest/v1.0/me.json',
    '/rest/v1.1/me',
    '/rest/v1.0//me',
    '/rest/v1.0/%6de',
    '/vapid/me',
    '/me',
    '/rest/v1.0/projects?x=/rest/v1.0/me',
    '/rest/v1.0/projects#/rest/v1.0/me',
    '/rest/v1.0/me/../projects',
    '/rest/v1.0/me/%2e%2e/projects',
    '/rest/v1.0/me\\..\\projects',
  ])('is needed for GET %s', async (path) => {
    await expect(user.get(path)).rejects.toMatchObject(missing)
    expect(procore.seen).toEqual([])
  })

  it('is needed for anything but reading /me and /companies', async () => {
    await expect(user.post('/rest/v1.0/companies', {})).rejects.toMatchObject(missing)
    await expect(user.patch('/rest/v1.0/me', {})).rejects.toMatchObject(missing)
    await expect(user.fetch('/rest/v1.0/me', { method: 'DELETE' })).rejects.toMatchObject(missing)
  })

  it.each(['/rest/v1.0/me', '/rest/v1.0/companies'])(
    'is needed by a service account for GET %s too',
    async (path) => {
      await expect(service.get(path)).rejects.toMatchObject(missing)
      await expect(service.fetch(path)).rejects.toMatchObject(missing)
      expect(procore.seen).toEqual([])
    },
  )

  it('goes along with an exempt call once it is chosen', async () => {
    await service.forCompany(42).get('/rest/v1.0/companies')
    await user.forCompany(42).get('/rest/v1.0/me')
    for (const { headers } of procore.apiCalls) expect(headers['procore-company-id']).toBe('42')
  })

  it('of one client leaves the client it came from without', async () => {
    user.forCompany(42)
    await expect(user.get('/rest/v1.0/projects')).rejects.toMatchObject(missing)
  })

  it('is never taken from the headers of get and post', async () => {
    for (const name of ['procore-company-id', 'Procore-Company-Id', 'PROCORE-COMPANY-ID']) {
      await expect(
        user.get('/rest/v1.0/projects', { headers: { [name]: '43' } }),
      ).rejects.toMatchObject(missing)
      await user.forCompany(42).get('/rest/v1.0/projects', { headers: { [name]: '43' } })
      await user.get('/rest/v1.0/me', { headers: { [name]: '43' } })
    }
    const companies = procore.apiCalls.map(({ headers }) => headers['procore-company-id'])
    expect(companies).toEqual(['42', undefined, '42', undefined, '42', undefined])
  })

  it('may be named per call in the headers of fetch, as generated clients do', async () => {
    await user.fetch('/rest/v1.0/projects', { headers: { 'Procore-Company-Id': '43' } })
    expect(procore.apiCalls[0]?.headers['procore-company-id']).toBe('43')
  })

  it.each(['', 'undefined', 'null', 'NaN', '0', '42, 43', '[object Object]'])(
    'in the headers of fetch is refused when it is no id: %j',
    async (id) => {
      const headers = { 'Procore-Company-Id': id }
      await expect(user.fetch('/rest/v1.0/projects', { headers })).rejects.toMatchObject(invalid)
      expect(procore.seen).toEqual([])
    },
  )
})
