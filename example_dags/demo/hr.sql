-- Sample HR database of the demo, with invented people: a copy of an HR system's tables for employees and leave, as a
-- company keeps one for reports. It has documents that are submitted, cancelled and amended, as in Frappe HR (ERPNext),
-- but not its tables: see `postgres_frappe_to_cor` for those. Plain SQL that SQLite and PostgreSQL both run.

CREATE TABLE employee (
    name varchar(140) NOT NULL,
    employee_name varchar(140) NOT NULL,
    company_email varchar(140),
    company varchar(140),
    date_of_joining date,
    relieving_date date,
    status varchar(20) NOT NULL,          -- Active, Left
    custom_time_zone varchar(64)          -- NULL: the company's own, Europe/Madrid
);

-- As in many a replicated copy nothing is declared unique here, so a row can be in it twice.
CREATE TABLE leave_application (
    name varchar(140) NOT NULL,
    employee varchar(140) NOT NULL,
    leave_type varchar(140) NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL,                -- inclusive
    half_day smallint NOT NULL,           -- one day of the range is half a day …
    half_day_date date,                   -- … this one; nobody says which half
    custom_from_time time,                -- leave by the hour
    custom_to_time time,
    total_leave_days numeric(9, 3) NOT NULL,
    status varchar(20) NOT NULL,          -- Open, Approved, Rejected, Cancelled
    docstatus smallint NOT NULL,          -- 0 draft, 1 submitted, 2 cancelled
    amended_from varchar(140),            -- the cancelled document that this one replaces
    description text,                     -- why, in the employee's own words
    company varchar(140),
    posting_date date,
    creation timestamp,
    modified timestamp
);

INSERT INTO employee (
    name, employee_name, company_email, company, date_of_joining, relieving_date, status, custom_time_zone
) VALUES
('HR-EMP-00001', 'Lucía Fernández Ortega', 'lucia.fernandez@meridiana.example', 'Meridiana Consulting', '2018-03-01', NULL, 'Active', NULL),
('HR-EMP-00002', 'Mateo González Ibarra', 'mateo.gonzalez@meridiana.example', 'Meridiana Consulting', '2019-07-15', NULL, 'Active', 'America/Argentina/Buenos_Aires'),
('HR-EMP-00003', 'Camila Rodríguez Peña', 'camila.rodriguez@meridiana.example', 'Meridiana Consulting', '2021-02-08', NULL, 'Active', 'America/Bogota'),
('HR-EMP-00004', 'João Pedro Almeida', 'joao.almeida@meridiana.example', 'Meridiana Consulting', '2020-10-05', NULL, 'Active', 'America/Sao_Paulo'),
('HR-EMP-00005', 'Valentina Rossi', 'valentina.rossi@meridiana.example', 'Meridiana Consulting', '2017-09-18', NULL, 'Active', NULL),
('HR-EMP-00006', 'Søren Lindqvist', 'soren.lindqvist@meridiana.example', 'Meridiana Consulting', '2022-05-02', NULL, 'Active', NULL),
('HR-EMP-00007', 'Anneliese Köhler', 'anneliese.koehler@meridiana.example', 'Meridiana Consulting', '2016-01-11', NULL, 'Active', NULL),
('HR-EMP-00008', 'Diego Ramírez Luna', 'diego.ramirez@meridiana.example', 'Meridiana Consulting', '2023-01-09', NULL, 'Active', 'America/Mexico_City'),
('HR-EMP-00009', 'Zoë van den Berg', 'zoe.vandenberg@meridiana.example', 'Meridiana Consulting', '2019-11-04', NULL, 'Active', NULL),
('HR-EMP-00010', 'Sofía Benítez Acosta', 'sofia.benitez@meridiana.example', 'Meridiana Consulting', '2020-03-16', NULL, 'Active', 'America/Montevideo'),
('HR-EMP-00011', 'Tomáš Novák', 'tomas.novak@meridiana.example', 'Meridiana Consulting', '2021-08-23', NULL, 'Active', NULL),
('HR-EMP-00012', 'Agustina Pereyra', 'agustina.pereyra@meridiana.example', 'Meridiana Consulting', '2024-04-01', NULL, 'Active', 'America/Argentina/Buenos_Aires'),
('HR-EMP-00013', 'Łukasz Wiśniewski', 'lukasz.wisniewski@meridiana.example', 'Meridiana Consulting', '2018-06-04', NULL, 'Active', NULL),
('HR-EMP-00014', 'Ana Beatriz Nunes', 'ana.nunes@meridiana.example', 'Meridiana Consulting', '2022-09-12', NULL, 'Active', 'America/Sao_Paulo'),
('HR-EMP-00015', 'Martín Quiroga', 'martin.quiroga@meridiana.example', 'Meridiana Consulting', '2015-02-02', NULL, 'Active', NULL),
('HR-EMP-00016', 'Chloé Lefèvre', 'chloe.lefevre@meridiana.example', 'Meridiana Consulting', '2023-10-16', NULL, 'Active', NULL),
('HR-EMP-00017', 'Ignacio Muñoz Vidal', 'ignacio.munoz@meridiana.example', 'Meridiana Consulting', '2021-12-06', NULL, 'Active', 'America/Santiago'),
('HR-EMP-00018', 'Yuki Tanaka Silva', 'yuki.tanaka@meridiana.example', 'Meridiana Consulting', '2024-08-19', NULL, 'Active', 'America/Sao_Paulo'),
('HR-EMP-00019', 'Nora O''Sullivan', 'nora.osullivan@meridiana.example', 'Meridiana Consulting', '2026-05-04', NULL, 'Active', 'Europe/Dublin'),
('HR-EMP-00020', 'Óscar Iriarte', 'oscar.iriarte@meridiana.example', 'Meridiana Consulting', '2014-05-19', '2026-06-30', 'Left', NULL);

INSERT INTO leave_application (
    name, employee, leave_type, from_date, to_date, half_day, half_day_date, custom_from_time, custom_to_time,
    total_leave_days, status, docstatus, amended_from, description, company, posting_date, creation, modified
) VALUES
-- three years long: begins before any window and ends after it
('HR-LAP-2024-00211', 'HR-EMP-00013', 'Leave Without Pay', '2024-09-02', '2027-08-31', 0, NULL, NULL, NULL, 782, 'Approved', 1, NULL, 'Doctorate in Gdańsk', 'Meridiana Consulting', '2024-05-14', '2024-05-14 13:09:25', '2024-05-14 14:02:25'),
-- over before 2026: outside the demo's window
('HR-LAP-2025-00402', 'HR-EMP-00007', 'Annual Leave', '2025-11-10', '2025-11-14', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Autumn break', 'Meridiana Consulting', '2025-09-30', '2025-09-30 16:06:23', '2025-09-30 17:09:23'),
-- over New Year 2025/26
('HR-LAP-2025-00431', 'HR-EMP-00002', 'Annual Leave', '2025-12-29', '2026-01-09', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Summer at the coast', 'Meridiana Consulting', '2025-10-21', '2025-10-21 09:27:26', '2025-10-21 10:33:26'),
-- over New Year 2025/26, with the half day at the first day
('HR-LAP-2025-00447', 'HR-EMP-00015', 'Annual Leave', '2025-12-30', '2026-01-02', 1, '2025-12-30', NULL, NULL, 3.5, 'Approved', 1, NULL, 'Family', 'Meridiana Consulting', '2025-11-18', '2025-11-18 16:27:03', '2025-11-18 18:08:03'),
('HR-LAP-2026-00001', 'HR-EMP-00012', 'Annual Leave', '2026-01-05', '2026-01-16', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-01-02', '2026-01-02 08:36:37', '2026-01-05 08:51:37'),
('HR-LAP-2026-00002', 'HR-EMP-00010', 'Annual Leave', '2026-01-12', '2026-01-30', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays in Rocha', 'Meridiana Consulting', '2026-01-05', '2026-01-05 08:35:54', '2026-01-06 11:02:54'),
('HR-LAP-2026-00003', 'HR-EMP-00004', 'Annual Leave', '2026-02-16', '2026-02-18', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Carnival', 'Meridiana Consulting', '2026-01-12', '2026-01-12 10:34:07', '2026-01-14 11:41:07'),
('HR-LAP-2026-00004', 'HR-EMP-00001', 'Sick Leave', '2026-01-20', '2026-01-22', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Influenza', 'Meridiana Consulting', '2026-01-20', '2026-01-20 11:23:06', '2026-01-20 12:03:06'),
-- hours, at UTC-5
('HR-LAP-2026-00005', 'HR-EMP-00003', 'Medical Appointment', '2026-01-28', '2026-01-28', 0, NULL, '10:00', '12:30', 0.312, 'Approved', 1, NULL, 'Orthodontist', 'Meridiana Consulting', '2026-01-19', '2026-01-19 11:31:43', '2026-01-22 14:01:43'),
('HR-LAP-2026-00006', 'HR-EMP-00016', 'Parental Leave', '2026-02-02', '2026-06-05', 0, NULL, NULL, NULL, 90, 'Approved', 1, NULL, 'Second child, born 29 January', 'Meridiana Consulting', '2026-01-30', '2026-01-30 15:23:19', '2026-01-31 17:08:19'),
('HR-LAP-2026-00007', 'HR-EMP-00009', 'Training', '2026-02-09', '2026-02-11', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Scrum master course', 'Meridiana Consulting', '2026-01-22', '2026-01-22 11:05:36', '2026-01-24 15:02:36'),
('HR-LAP-2026-00008', 'HR-EMP-00006', 'Annual Leave', '2026-02-23', '2026-02-27', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Skiing in Åre', 'Meridiana Consulting', '2026-01-26', '2026-01-26 13:46:28', '2026-01-28 13:54:28'),
('HR-LAP-2026-00009', 'HR-EMP-00011', 'Sick Leave', '2026-02-12', '2026-02-13', 0, NULL, NULL, NULL, 2, 'Approved', 1, NULL, 'Migraine', 'Meridiana Consulting', '2026-02-12', '2026-02-12 16:26:10', '2026-02-14 17:58:10'),
-- single half day
('HR-LAP-2026-00010', 'HR-EMP-00005', 'Annual Leave', '2026-02-20', '2026-02-20', 1, '2026-02-20', NULL, NULL, 0.5, 'Approved', 1, NULL, 'Moving house', 'Meridiana Consulting', '2026-02-10', '2026-02-10 14:02:42', '2026-02-10 16:24:42'),
-- single half day whose date HR left empty
('HR-LAP-2026-00011', 'HR-EMP-00008', 'Annual Leave', '2026-03-13', '2026-03-13', 1, NULL, NULL, NULL, 0.5, 'Approved', 1, NULL, 'School play', 'Meridiana Consulting', '2026-03-02', '2026-03-02 13:38:31', '2026-03-05 14:32:31'),
('HR-LAP-2026-00012', 'HR-EMP-00014', 'Sick Leave', '2026-03-05', '2026-03-06', 0, NULL, NULL, NULL, 2, 'Approved', 1, NULL, 'Dengue fever', 'Meridiana Consulting', '2026-03-05', '2026-03-05 09:17:30', '2026-03-05 10:04:30'),
-- half day at the first day, across DST in Europe (29 March)
('HR-LAP-2026-00013', 'HR-EMP-00007', 'Annual Leave', '2026-03-27', '2026-03-30', 1, '2026-03-27', NULL, NULL, 1.5, 'Approved', 1, NULL, 'Long weekend', 'Meridiana Consulting', '2026-02-17', '2026-02-17 12:41:36', '2026-02-20 15:27:36'),
-- all day across DST in Europe (29 March)
('HR-LAP-2026-00014', 'HR-EMP-00001', 'Annual Leave', '2026-03-28', '2026-04-06', 0, NULL, NULL, NULL, 6, 'Approved', 1, NULL, 'Holy Week', 'Meridiana Consulting', '2026-02-24', '2026-02-24 14:56:42', '2026-02-26 15:26:42'),
('HR-LAP-2026-00015', 'HR-EMP-00015', 'Annual Leave', '2026-03-30', '2026-04-03', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Holy Week', 'Meridiana Consulting', '2026-02-26', '2026-02-26 13:10:39', '2026-02-26 16:14:39'),
('HR-LAP-2026-00016', 'HR-EMP-00003', 'Annual Leave', '2026-03-30', '2026-04-01', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Holy Week', 'Meridiana Consulting', '2026-03-09', '2026-03-09 11:49:18', '2026-03-10 13:15:18'),
('HR-LAP-2026-00017', 'HR-EMP-00008', 'Annual Leave', '2026-03-30', '2026-04-10', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Holy Week and Easter', 'Meridiana Consulting', '2026-02-27', '2026-02-27 14:58:55', '2026-03-02 15:09:55'),
('HR-LAP-2026-00018', 'HR-EMP-00020', 'Annual Leave', '2026-04-13', '2026-04-17', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Last days of leave', 'Meridiana Consulting', '2026-03-20', '2026-03-20 15:25:35', '2026-03-22 17:18:35'),
('HR-LAP-2026-00019', 'HR-EMP-00020', 'Sick Leave', '2026-05-07', '2026-05-07', 0, NULL, NULL, NULL, 1, 'Approved', 1, NULL, 'Back pain', 'Meridiana Consulting', '2026-05-07', '2026-05-07 14:55:35', '2026-05-09 18:18:35'),
('HR-LAP-2026-00020', 'HR-EMP-00017', 'Training', '2026-04-20', '2026-04-24', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Cloud architect certification', 'Meridiana Consulting', '2026-03-16', '2026-03-16 14:14:09', '2026-03-16 15:24:09'),
-- half day at the last day
('HR-LAP-2026-00021', 'HR-EMP-00009', 'Annual Leave', '2026-04-27', '2026-05-04', 1, '2026-05-04', NULL, NULL, 5.5, 'Approved', 1, NULL, 'King''s Day week', 'Meridiana Consulting', '2026-03-31', '2026-03-31 11:42:14', '2026-03-31 15:36:14'),
('HR-LAP-2026-00022', 'HR-EMP-00002', 'Sick Leave', '2026-05-13', '2026-05-15', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Bronchitis', 'Meridiana Consulting', '2026-05-13', '2026-05-13 10:16:18', '2026-05-13 11:43:18'),
-- cancelled
('HR-LAP-2026-00023', 'HR-EMP-00018', 'Annual Leave', '2026-05-18', '2026-05-22', 0, NULL, NULL, NULL, 5, 'Cancelled', 2, NULL, 'Trip to Kyoto', 'Meridiana Consulting', '2026-04-08', '2026-04-08 16:23:39', '2026-04-10 18:08:39'),
-- hours, at UTC-3
('HR-LAP-2026-00024', 'HR-EMP-00004', 'Medical Appointment', '2026-05-20', '2026-05-20', 0, NULL, '08:00', '09:30', 0.188, 'Approved', 1, NULL, 'Blood test', 'Meridiana Consulting', '2026-05-11', '2026-05-11 16:39:41', '2026-05-11 20:37:41'),
-- amended: the original, cancelled …
('HR-LAP-2026-00025', 'HR-EMP-00011', 'Annual Leave', '2026-05-25', '2026-05-29', 0, NULL, NULL, NULL, 5, 'Cancelled', 2, NULL, 'Hiking in the Tatras', 'Meridiana Consulting', '2026-04-15', '2026-04-15 16:25:25', '2026-04-18 19:32:25'),
-- … and the document that replaced it, which is the same leave to COR
('HR-LAP-2026-00025-1', 'HR-EMP-00011', 'Annual Leave', '2026-05-26', '2026-06-02', 0, NULL, NULL, NULL, 6, 'Approved', 1, 'HR-LAP-2026-00025', 'Hiking in the Tatras, a day later', 'Meridiana Consulting', '2026-04-22', '2026-04-22 15:40:25', '2026-04-22 16:45:25'),
('HR-LAP-2026-00026', 'HR-EMP-00005', 'Training', '2026-06-03', '2026-06-05', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Data privacy course', 'Meridiana Consulting', '2026-05-12', '2026-05-12 11:28:10', '2026-05-12 14:07:10'),
('HR-LAP-2026-00027', 'HR-EMP-00014', 'Annual Leave', '2026-06-15', '2026-06-19', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Wedding', 'Meridiana Consulting', '2026-04-30', '2026-04-30 08:06:00', '2026-05-01 08:30:00'),
-- unknown employee: joined in May, not yet in COR
('HR-LAP-2026-00028', 'HR-EMP-00019', 'Annual Leave', '2026-06-22', '2026-06-26', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Honeymoon', 'Meridiana Consulting', '2026-05-20', '2026-05-20 08:04:55', '2026-05-21 11:14:55'),
-- amended twice: the original, cancelled …
('HR-LAP-2026-00029', 'HR-EMP-00006', 'Annual Leave', '2026-06-18', '2026-06-19', 0, NULL, NULL, NULL, 2, 'Cancelled', 2, NULL, 'Midsummer', 'Meridiana Consulting', '2026-05-04', '2026-05-04 12:22:38', '2026-05-06 15:30:38'),
-- … its first amendment, cancelled too …
('HR-LAP-2026-00029-1', 'HR-EMP-00006', 'Annual Leave', '2026-06-18', '2026-06-22', 0, NULL, NULL, NULL, 3, 'Cancelled', 2, 'HR-LAP-2026-00029', 'Midsummer', 'Meridiana Consulting', '2026-05-06', '2026-05-06 09:54:31', '2026-05-09 13:25:31'),
-- … and its second, approved
('HR-LAP-2026-00029-2', 'HR-EMP-00006', 'Annual Leave', '2026-06-17', '2026-06-22', 0, NULL, NULL, NULL, 4, 'Approved', 1, 'HR-LAP-2026-00029-1', 'Midsummer', 'Meridiana Consulting', '2026-05-08', '2026-05-08 12:05:09', '2026-05-08 14:53:09'),
('HR-LAP-2026-00030', 'HR-EMP-00007', 'Annual Leave', '2026-06-29', '2026-07-17', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-04-14', '2026-04-14 12:30:53', '2026-04-15 12:44:53'),
('HR-LAP-2026-00031', 'HR-EMP-00009', 'Annual Leave', '2026-07-06', '2026-07-24', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-04-20', '2026-04-20 16:23:09', '2026-04-20 19:05:09'),
('HR-LAP-2026-00032', 'HR-EMP-00016', 'Annual Leave', '2026-07-13', '2026-07-31', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-06-08', '2026-06-08 09:44:54', '2026-06-10 12:43:54'),
-- hours, in the company's zone, in summer
('HR-LAP-2026-00033', 'HR-EMP-00015', 'Medical Appointment', '2026-07-15', '2026-07-15', 0, NULL, '16:00', '17:30', 0.188, 'Approved', 1, NULL, 'Physiotherapy', 'Meridiana Consulting', '2026-07-06', '2026-07-06 10:22:49', '2026-07-07 13:03:49'),
('HR-LAP-2026-00034', 'HR-EMP-00011', 'Annual Leave', '2026-07-20', '2026-07-31', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-05-18', '2026-05-18 11:39:51', '2026-05-19 13:32:51'),
-- half day inside the range
('HR-LAP-2026-00035', 'HR-EMP-00017', 'Annual Leave', '2026-07-13', '2026-07-17', 1, '2026-07-15', NULL, NULL, 4.5, 'Approved', 1, NULL, 'Winter break, with the Wednesday half worked', 'Meridiana Consulting', '2026-06-10', '2026-06-10 14:47:51', '2026-06-11 16:21:51'),
('HR-LAP-2026-00036', 'HR-EMP-00002', 'Annual Leave', '2026-07-20', '2026-07-24', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Winter break', 'Meridiana Consulting', '2026-06-16', '2026-06-16 15:22:46', '2026-06-16 16:13:46'),
('HR-LAP-2026-00037', 'HR-EMP-00001', 'Annual Leave', '2026-08-03', '2026-08-21', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-05-05', '2026-05-05 12:30:16', '2026-05-06 14:59:16'),
-- overlapping: two weeks of holiday …
('HR-LAP-2026-00038', 'HR-EMP-00005', 'Annual Leave', '2026-08-03', '2026-08-14', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-05-07', '2026-05-07 13:23:05', '2026-05-08 13:38:05'),
-- … and sick in the second of them
('HR-LAP-2026-00039', 'HR-EMP-00005', 'Sick Leave', '2026-08-11', '2026-08-13', 0, NULL, NULL, NULL, 3, 'Approved', 1, NULL, 'Food poisoning', 'Meridiana Consulting', '2026-08-11', '2026-08-11 15:12:21', '2026-08-12 18:52:21'),
('HR-LAP-2026-00040', 'HR-EMP-00015', 'Annual Leave', '2026-08-10', '2026-08-28', 0, NULL, NULL, NULL, 15, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-05-11', '2026-05-11 08:30:58', '2026-05-13 09:24:58'),
-- rejected
('HR-LAP-2026-00041', 'HR-EMP-00006', 'Annual Leave', '2026-08-03', '2026-08-07', 0, NULL, NULL, NULL, 5, 'Rejected', 1, NULL, 'Crayfish party', 'Meridiana Consulting', '2026-06-12', '2026-06-12 09:58:24', '2026-06-13 13:55:24'),
-- leave type that is mapped to nothing in COR
('HR-LAP-2026-00042', 'HR-EMP-00012', 'Compensatory Off', '2026-08-18', '2026-08-18', 0, NULL, NULL, NULL, 1, 'Approved', 1, NULL, 'Worked on a holiday', 'Meridiana Consulting', '2026-08-10', '2026-08-10 10:27:50', '2026-08-12 11:19:50'),
('HR-LAP-2026-00043', 'HR-EMP-00010', 'Sick Leave', '2026-08-25', '2026-08-28', 0, NULL, NULL, NULL, 4, 'Approved', 1, NULL, 'Surgery follow-up', 'Meridiana Consulting', '2026-08-25', '2026-08-25 14:29:25', '2026-08-25 15:40:25'),
('HR-LAP-2026-00044', 'HR-EMP-00008', 'Annual Leave', '2026-09-15', '2026-09-18', 0, NULL, NULL, NULL, 4, 'Approved', 1, NULL, 'Independence Day', 'Meridiana Consulting', '2026-08-17', '2026-08-17 10:01:09', '2026-08-20 11:41:09'),
-- data error: ends before it begins
('HR-LAP-2026-00045', 'HR-EMP-00017', 'Annual Leave', '2026-09-21', '2026-09-17', 0, NULL, NULL, NULL, 0, 'Approved', 1, NULL, 'Fiestas Patrias', 'Meridiana Consulting', '2026-08-24', '2026-08-24 15:42:59', '2026-08-26 17:18:59'),
('HR-LAP-2026-00046', 'HR-EMP-00004', 'Training', '2026-09-14', '2026-09-18', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Design sprint', 'Meridiana Consulting', '2026-08-03', '2026-08-03 16:08:01', '2026-08-03 16:42:01'),
('HR-LAP-2026-00047', 'HR-EMP-00018', 'Sick Leave', '2026-09-22', '2026-09-23', 0, NULL, NULL, NULL, 2, 'Approved', 1, NULL, 'Conjunctivitis', 'Meridiana Consulting', '2026-09-22', '2026-09-22 10:27:55', '2026-09-23 11:29:55'),
-- unknown employee, again
('HR-LAP-2026-00048', 'HR-EMP-00019', 'Sick Leave', '2026-09-29', '2026-09-30', 0, NULL, NULL, NULL, 2, 'Approved', 1, NULL, 'Concussion', 'Meridiana Consulting', '2026-09-29', '2026-09-29 12:13:18', '2026-09-30 14:30:18'),
-- over New Year 2026/27, four months
('HR-LAP-2026-00049', 'HR-EMP-00003', 'Parental Leave', '2026-10-05', '2027-02-05', 0, NULL, NULL, NULL, 90, 'Approved', 1, NULL, 'First child, due in October', 'Meridiana Consulting', '2026-07-27', '2026-07-27 16:26:53', '2026-07-28 17:25:53'),
('HR-LAP-2026-00050', 'HR-EMP-00014', 'Annual Leave', '2026-10-12', '2026-10-16', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Children''s week', 'Meridiana Consulting', '2026-08-31', '2026-08-31 13:57:29', '2026-09-03 15:32:29'),
-- half day at the last day, across DST in Europe (25 October)
('HR-LAP-2026-00051', 'HR-EMP-00016', 'Annual Leave', '2026-10-23', '2026-10-26', 1, '2026-10-26', NULL, NULL, 1.5, 'Approved', 1, NULL, 'Long weekend in Lyon', 'Meridiana Consulting', '2026-09-10', '2026-09-10 10:33:32', '2026-09-10 14:23:32'),
-- all day across DST in Europe (25 October)
('HR-LAP-2026-00052', 'HR-EMP-00009', 'Annual Leave', '2026-10-19', '2026-10-30', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Autumn break', 'Meridiana Consulting', '2026-08-26', '2026-08-26 10:38:00', '2026-08-27 11:48:00'),
-- single half day, at UTC-3
('HR-LAP-2026-00053', 'HR-EMP-00010', 'Annual Leave', '2026-11-06', '2026-11-06', 1, '2026-11-06', NULL, NULL, 0.5, 'Approved', 1, NULL, 'Notary', 'Meridiana Consulting', '2026-10-19', '2026-10-19 15:39:46', '2026-10-19 16:00:46'),
-- the same leave twice: this row …
('HR-LAP-2026-00054', 'HR-EMP-00007', 'Annual Leave', '2026-11-16', '2026-11-20', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Visiting parents', 'Meridiana Consulting', '2026-09-21', '2026-09-21 16:33:35', '2026-09-24 17:30:35'),
-- … is in the copy a second time, as it stands
('HR-LAP-2026-00054', 'HR-EMP-00007', 'Annual Leave', '2026-11-16', '2026-11-20', 0, NULL, NULL, NULL, 5, 'Approved', 1, NULL, 'Visiting parents', 'Meridiana Consulting', '2026-09-21', '2026-09-21 16:33:35', '2026-09-24 17:30:35'),
-- still open
('HR-LAP-2026-00055', 'HR-EMP-00012', 'Annual Leave', '2026-11-23', '2026-11-27', 0, NULL, NULL, NULL, 5, 'Open', 0, NULL, 'Patagonia', 'Meridiana Consulting', '2026-11-02', '2026-11-02 16:03:15', '2026-11-02 16:03:15'),
-- approved in a draft that nobody submitted yet: not in force
('HR-LAP-2026-00056', 'HR-EMP-00018', 'Training', '2026-11-30', '2026-12-02', 0, NULL, NULL, NULL, 3, 'Approved', 0, NULL, 'Public speaking', 'Meridiana Consulting', '2026-11-09', '2026-11-09 11:17:02', '2026-11-09 14:53:02'),
-- over New Year 2026/27
('HR-LAP-2026-00057', 'HR-EMP-00001', 'Annual Leave', '2026-12-23', '2027-01-08', 0, NULL, NULL, NULL, 13, 'Approved', 1, NULL, 'Christmas and Epiphany', 'Meridiana Consulting', '2026-10-28', '2026-10-28 08:48:57', '2026-10-28 12:09:57'),
-- over New Year 2026/27, with the half day at the last day, at UTC-3
('HR-LAP-2026-00058', 'HR-EMP-00004', 'Annual Leave', '2026-12-21', '2027-01-04', 1, '2027-01-04', NULL, NULL, 10.5, 'Approved', 1, NULL, 'Christmas', 'Meridiana Consulting', '2026-10-30', '2026-10-30 16:38:32', '2026-10-31 19:07:32'),
-- begins after 2026: outside the demo's window
('HR-LAP-2026-00059', 'HR-EMP-00012', 'Annual Leave', '2027-01-11', '2027-01-22', 0, NULL, NULL, NULL, 10, 'Approved', 1, NULL, 'Summer holidays', 'Meridiana Consulting', '2026-11-10', '2026-11-10 16:34:51', '2026-11-13 18:19:51');
