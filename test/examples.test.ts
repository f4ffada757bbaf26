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
