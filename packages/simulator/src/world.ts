/** A person who can log in to the simulator. */
export interface SimulatedUser {
  /** Numeric id as a string; larger than 32 bits. */
  readonly id: string
  /** E-mail address, also the `login` of `/rest/v1.0/me`. */
  readonly login: string
  /** Password for the login page. */
  readonly password: string
  /** Display name. */
  readonly name: string
  /** Ids of the companies that the user is a member of. */
  readonly companies: readonly string[]
}

/** A project of a company. */
export interface SimulatedProject {
  /** Numeric id as a string. */
  readonly id: string
  /** Display name. */
  readonly name: string
}

/** A company with its projects. */
export interface SimulatedCompany {
  /** Numeric id as a string. */
  readonly id: string
  /** Display name. */
  readonly name: string
  /** The projects in the order of the listing; grows and shrinks with the write endpoints. */
  readonly projects: readonly SimulatedProject[]
}

/** A company as the simulator stores it. */
export interface CompanyRecord {
  readonly id: string
  readonly name: string
  projects: SimulatedProject[]
}

/** Everything that the REST endpoints know. */
export interface World {
  readonly users: readonly SimulatedUser[]
  readonly companies: readonly CompanyRecord[]
  /** Ids of the companies where the application is installed: what a service account sees. */
  readonly installedIn: readonly string[]
  /** Returns an id that no project has had before. */
  nextProjectId(): string
}

/** The service account behind client-credentials tokens. */
export const serviceAccount = {
  id: '900',
  login: 'service-account@example.com',
  name: 'Service Account',
} as const

const firstUserId = 562949953430360
const largeCompanyId = '562949953421312'

/**
 * Creates the seeded users, companies and projects.
 *
 * @param users Who can log in, in place of the seeded users.
 * @returns A world of its own; nothing is shared between simulators.
 */
export function createWorld(users: readonly SimulatedUser[] = seedUsers()): World {
  let lastProjectId = 562949953500000
  const nextProjectId = () => String(++lastProjectId)
  const company = (id: string, name: string, count: number): CompanyRecord => ({
    id,
    name,
    projects: Array.from({ length: count }, (_, index) => ({
      id: nextProjectId(),
      name: `${name} project ${index + 1}`,
    })),
  })
  return {
    users,
    companies: [
      company('10', 'Example Builders', 25),
      company('11', 'Example Homes', 3),
      company(largeCompanyId, 'Example Industries', 2001),
    ],
    installedIn: ['10', '11'],
    nextProjectId,
  }
}

function seedUsers(): readonly SimulatedUser[] {
  return [
    {
      id: String(firstUserId),
      login: 'jim@example.com',
      password: 'jim-password',
      name: 'Jim Example',
      companies: ['10'],
    },
    {
      id: String(firstUserId + 1),
      login: 'ana@example.com',
      password: 'ana-password',
      name: 'Ana Example',
      companies: ['10', '11', largeCompanyId],
    },
  ]
}
