package lesson;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.web.SecurityFilterChain;

/** A Eureka server, as Spring Cloud's manual shows it. With a user in the settings it wants basic authentication. */
@SpringBootApplication
@EnableEurekaServer
public class EurekaServer {
    public static void main(String[] args) {
        SpringApplication.run(EurekaServer.class, args);
    }

    /** Clients send no CSRF token, so none is wanted. */
    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
        boolean open = System.getProperty("lesson.user", "").isEmpty();
        http.authorizeHttpRequests(all -> {
                if (open) all.anyRequest().permitAll();
                else all.anyRequest().authenticated();
            })
            .httpBasic(Customizer.withDefaults())
            .csrf(csrf -> csrf.disable());
        return http.build();
    }

    /** The default, bcrypt, would take 0.1 s of CPU time for each request. The password is for tests. */
    @Bean
    PasswordEncoder passwords() {
        return new PasswordEncoder() {
            @Override
            public String encode(CharSequence password) {
                return password.toString();
            }

            @Override
            public boolean matches(CharSequence password, String expected) {
                return encode(password).equals(expected);
            }
        };
    }
}
