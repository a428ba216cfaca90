/* environment: makes a program of this project independent of what the user has set for other programs.
 *
 * A service reads about fifty settings, and the labs and pitfalls compare what they see
 * with the defaults. So SERVICE_CHECK=ttl or LB_POLICY=random in the user's shell must not change it.
 */
#ifndef HARNESS_ENVIRONMENT_H
#define HARNESS_ENVIRONMENT_H

/* Keeps only the variables that select the language, the folders and the programs. Call it first. */
void environment_clear(void);
/* Opens /dev/null in place of standard input, output and error that are closed. Otherwise the next file would get the
 * number of one of them, and our messages. */
void environment_open_files(void);

#endif
