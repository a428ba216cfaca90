/* environment: makes a program of this project independent of what the user has set for other programs.
 *
 * A service reads about fifty settings, and the labs and pitfalls compare what they see
 * with the defaults. So SERVICE_CHECK=ttl or LB_POLICY=random in the user's shell must not change it.
 */
#ifndef HARNESS_ENVIRONMENT_H
#define HARNESS_ENVIRONMENT_H

/* Keeps only the variables that select the language, the folders and the programs. Call it first. */
void environment_clear(void);

#endif
