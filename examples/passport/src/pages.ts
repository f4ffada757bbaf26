import type { ProcoreClient } from '@procore-auth/core'

/** A user of this application. */
export interface User {
  readonly id: string
  readonly name: string
}

interface Named {
  readonly id: number
  readonly name: string
}

/** The page that everybody may see. */
export function welcomePage(user: User | undefined): string {
  return page(
    user
      ? html`<h1>Welcome back, ${user.name}</h1><p><a href="/projects">Your projects</a></p>`
      : html`<h1>Your projects</h1><p><a href="/auth/procore/login?returnTo=/projects">Sign in with Procore</a></p>`,
  )
}

/** The page of who is signed in, with what the API tells them. */
export async function projectsPage(user: User | undefined, client: ProcoreClient): Promise<string> {
  const companies = await client.get<readonly Named[]>('/rest/v1.0/companies')
  const lists = companies.map(async ({ id, name }) => {
    const query = { company_id: id }
    const projects = await client
      .forCompany(id)
      .get<readonly Named[]>('/rest/v1.0/projects', { query })
    const items = projects.map((project) => html`<li>${project.name}</li>`)
    return [html`<h2>${name}</h2>`, '<ul>', ...items, '</ul>']
  })
  const greeting = html`<h1>Hello, ${user?.name ?? ''}</h1>`
  return page([greeting, ...(await Promise.all(lists)).flat(), ACTIONS].join('\n'))
}

const ACTIONS = `<form method="post" action="/auth/procore/logout"><button>Sign out</button></form>
<form method="post" action="/auth/procore/disconnect"><button>Disconnect</button></form>`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Escapes every value. */
function html(parts: TemplateStringsArray, ...values: readonly string[]): string {
  const safe = values.map((value) => value.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? ''))
  return String.raw({ raw: parts }, ...safe)
}

function page(content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Projects</title>
<link rel="icon" href="data:,">
<style>
body{font:16px/1.6 system-ui,sans-serif;color:#1f2328;background:#f5f4f2;margin:0;padding:8vh 1rem}
main{max-width:34rem;margin:auto;padding:2rem;background:#fff;border:1px solid #ddd9d4;border-radius:10px}
h1{margin-top:0;font-size:1.6rem}h2{font-size:1.05rem;margin-bottom:0}
p{text-align:center;color:#57534e}main p{text-align:left}a,button{color:#b5470a;font:inherit}form{display:inline-block;margin:1rem 1rem 0 0}
</style>
</head>
<body>
<main>${content}</main>
<p>An example of procore-auth. Not affiliated with Procore.</p>
</body>
</html>
`
}
