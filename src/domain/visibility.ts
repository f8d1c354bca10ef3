/** Who sees a repository: everybody, only those who were let in, or everybody in the enterprise. */
export type Visibility = 'public' | 'private' | 'internal';
