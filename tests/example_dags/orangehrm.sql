-- What of OrangeHRM's tables the example DAG reads, and leave to read.
CREATE TABLE ohrm_location (id int PRIMARY KEY, country_code varchar(3));
CREATE TABLE hs_hr_emp_locations (emp_number int NOT NULL, location_id int NOT NULL);
CREATE TABLE ohrm_leave_type (id int PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE ohrm_leave (
    id serial PRIMARY KEY,
    date date NOT NULL,
    status smallint NOT NULL DEFAULT 2,
    comments text DEFAULT 'Secret reason',
    leave_request_id int NOT NULL,
    leave_type_id int NOT NULL DEFAULT 1,
    emp_number int NOT NULL,
    start_time time,
    end_time time,
    duration_type smallint DEFAULT 0
);

INSERT INTO ohrm_location VALUES (1, 'AR'), (2, 'DE'), (3, 'NZ'), (4, 'DE'), (5, 'US');
INSERT INTO hs_hr_emp_locations VALUES (1, 1), (2, 2), (3, 3),
(4, 2), (4, 4),  -- two in one zone
(6, 1), (6, 2),  -- two in two zones
(7, 5);  -- a country that the example does not list; 5 has none
INSERT INTO ohrm_leave_type VALUES (1, 'Vacation'), (2, 'Sick');

-- over a weekend, which has rows of its own, and over New Year
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, status)
SELECT 10, 1, day, CASE WHEN extract(isodow FROM day) > 5 THEN 4 ELSE 2 END
FROM generate_series('2026-12-30'::timestamp, '2027-01-06', '1 day') AS day;
-- over a change of clocks in Berlin
INSERT INTO ohrm_leave (leave_request_id, emp_number, date)
SELECT 20, 2, day FROM generate_series('2026-03-28'::timestamp, '2026-03-30', '1 day') AS day;
-- partly cancelled
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, status) VALUES
(30, 3, '2026-05-11', 3), (30, 3, '2026-05-12', 3), (30, 3, '2026-05-13', 0), (30, 3, '2026-05-14', 2);
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, leave_type_id) VALUES (40, 4, '2026-06-01', 2);
-- half days and hours
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, duration_type, start_time, end_time) VALUES
(51, 1, '2026-06-08', 1, NULL, NULL), (52, 2, '2026-06-08', 2, NULL, NULL),
(53, 3, '2026-06-08', 1, NULL, NULL), (54, 4, '2026-06-08', 3, '10:00', '12:30'),
(60, 2, '2026-10-23', 2, NULL, NULL), (60, 2, '2026-10-26', 0, NULL, NULL), (60, 2, '2026-10-27', 0, NULL, NULL);
-- pending, cancelled, rejected
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, status) VALUES
(70, 4, '2026-07-01', 1), (71, 4, '2026-07-02', 0), (72, 4, '2026-07-03', -1);
-- two half days around a whole one, and two runs
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, duration_type) VALUES
(80, 1, '2026-12-14', 2), (80, 1, '2026-12-15', 0), (80, 1, '2026-12-16', 1),
(90, 2, '2026-11-02', 0), (90, 2, '2026-11-04', 0), (90, 2, '2026-11-05', 0);
-- before the days that are read, and over their first
INSERT INTO ohrm_leave (leave_request_id, emp_number, date) VALUES
(100, 4, '2025-12-30'), (101, 4, '2025-12-31'), (101, 4, '2026-01-01');
-- of people whose zone is not known: whole days need none
INSERT INTO ohrm_leave (leave_request_id, emp_number, date) VALUES
(110, 5, '2026-08-03'), (111, 6, '2026-08-03'), (112, 7, '2026-08-03');
