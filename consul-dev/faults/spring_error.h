/* spring_error: the JSON that a web server of Spring Boot sends for a status other than 200. Nacos and Eureka are such
 * servers.
 */
#ifndef FAULTS_SPRING_ERROR_H
#define FAULTS_SPRING_ERROR_H

#include "faults/connection.h"

/* message: NULL: without one, as Spring Boot does by default. */
void spring_error(const struct request *request, struct reply *reply, int status, const char *message);

#endif
