import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulator } from '@procore-auth/simulator'
import { expect, test } from 'vitest'
import { freePort, runExample, startExample } from './support/example.js'

test('the demo does the main job unattended and ends with 0', async () => {
  const { code, output } = await runExample('express-tutorial/dist/demo.js')
  expect(output).toContain('11 steps, all as they should be.')
  expect(code).toBe(0)
})

test('the tutorial says which port is in use and ends with 1', async () => {
  const env = { PORT: String(await freePort()), DATABASE: ':memory:' }
  const first = startExample('express-tutorial/dist/main.js', env)
  await first.printed('Open http://localhost')
  const second = await runExample('express-tutorial/dist/main.js', env)
  expect(second).toMatchObject({ code: 1, output: expect.stringContaining('is in use') })
  expect(await first.stop()).toMatchObject({ code: 0 })
})

test('the tutorial names every fault of its variables at once', async () => {
  const { code, output } = await runExample('express-tutorial/dist/main.js', {
    PROCORE_CLIENT_ID: '<CLIENT_ID>',
    DATABASE: ':memory:',
  })
  expect(code).toBe(1)
  for (const option of ['environment', 'clientId', 'clientSecret', 'redirectUri', 'secret']) {
    expect(output).toContain(`- ${option} is`)
  }
})

test('the service account lists the companies and projects that it may see', async () => {
  const procore = await createSimulator()
  const [company] = procore.companies
  const env = {
    PROCORE_LOGIN_ORIGIN: procore.loginOrigin,
    PROCORE_API_ORIGIN: procore.apiOrigin,
    PROCORE_CLIENT_ID: procore.serviceApp.clientId,
    PROCORE_CLIENT_SECRET: procore.serviceApp.clientSecret,
  }
  const { code, output } = await runExample('service-account/dist/main.js', {
    ...env,
    PROCORE_COMPANY_ID: company?.id ?? '',
  })
  expect(output).toContain(`${company?.name} (${company?.id})`)
  expect(output).toContain(`  ${company?.projects[0]?.name}`)
  expect(code).toBe(0)
  expect(procore.ledger.tokenRequests('client_credentials')).toHaveLength(1)
  const without = await runExample('service-account/dist/main.js', env)
  expect(without).toMatchObject({ code: 1, output: expect.stringContaining('PROCORE_COMPANY_ID') })
  await procore.close()
})

test('the installed app asks once, and then works without anybody', async () => {
  const procore = await createSimulator()
  const directory = await mkdtemp(join(tmpdir(), 'procore-auth-'))
  const script = 'installed-app/dist/main.js'
  const env = {
    PROCORE_LOGIN_ORIGIN: procore.loginOrigin,
    PROCORE_API_ORIGIN: procore.apiOrigin,
    PROCORE_CLIENT_ID: procore.app.clientId,
    PROCORE_CLIENT_SECRET: procore.app.clientSecret,
    PROCORE_AUTH_SECRET: procore.app.clientSecret,
    GRANTS_DIRECTORY: join(directory, 'grants'),
  }
  const nobody = await runExample(script, env)
  expect(nobody).toMatchObject({
    code: 1,
    output: expect.stringContaining('There is no authorization code in what was pasted'),
  })
  const code = await procore.authorize({ redirectUri: 'urn:ietf:wg:oauth:2.0:oob' })
  const first = await runExample({ script, input: `${code}\n` }, env)
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining('Working for Jim') })
  procore.expireAccessTokens()
  const later = await Promise.all([1, 2, 3].map(() => runExample(script, env)))
  for (const { code: exit, output } of later) {
    expect(exit).toBe(0)
    expect(output).toBe('Working for Jim Example (jim@example.com)\n')
  }
  expect(procore.ledger.refreshes()).toHaveLength(1)
  await rm(directory, { recursive: true })
  await procore.close()
})
