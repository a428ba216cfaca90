/* environment: makes a lab independent of what the user has set for other programs.
 *
 * A service reads about fifty settings, and a lab compares what it sees with the defaults. So
 * SERVICE_CHECK=ttl or LB_POLICY=random in the user's shell must not change what a lab sees.
 */
#ifndef LABS_ENVIRONMENT_H
#define LABS_ENVIRONMENT_H

/* Keeps only the variables that select the language, the folders and the programs. Call it first. */
void environment_clear(void);

#endif
