import { createProcoreAuth, isProcoreAuthError } from '@procore-auth/core'

/*
 * Lists the companies and projects that a service account (DMSA) may see. A service account names
 * the company on every call, so one company must be known: PROCORE_COMPANY_ID.
 */

interface Named {
  readonly id: number
  readonly name: string
}

if (process.argv.includes('--help')) {
  console.log(`Lists the companies and projects that a service account may see.

Variables: PROCORE_ENVIRONMENT (or PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN), PROCORE_CLIENT_ID,
PROCORE_CLIENT_SECRET, and PROCORE_COMPANY_ID: one company in which the app is installed.`)
  process.exit(0)
}

try {
  const companyId = process.env['PROCORE_COMPANY_ID']
  if (!companyId)
    throw new Error('Set PROCORE_COMPANY_ID to a company in which the app is installed')
  const auth = createProcoreAuth()
  const service = auth.forService()
  const companies = await service
    .forCompany(companyId)
    .get<readonly Named[]>('/rest/v1.0/companies')
  for (const company of companies) {
    console.log(`${company.name} (${company.id})`)
    const projects = await service
      .forCompany(company.id)
      .get<readonly Named[]>('/rest/v1.0/projects', { query: { company_id: company.id } })
    for (const project of projects) console.log(`  ${project.name} (${project.id})`)
  }
  await auth.close()
} catch (error) {
  if (!isProcoreAuthError(error) && !(error instanceof Error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
