//! What the contract promises, asked of both databases.

mod access;
mod control;
mod expectations;
mod histories;
mod interchanges;
mod jobs;
mod kit;
mod postings;
mod receipts;
mod receive;
mod schedules;
mod upkeep;

/// Each test once for each database.
macro_rules! on_both {
    ($($module:ident: $($test:ident)+;)+) => {
        mod sqlite {
            $($(
                #[test]
                fn $test() {
                    crate::kit::on_sqlite(crate::$module::$test);
                }
            )+)+
        }

        mod postgres {
            $($(
                #[test]
                fn $test() {
                    crate::kit::on_postgres(crate::$module::$test);
                }
            )+)+
        }
    };
}

on_both! {
    receive: what_arrived_is_kept_with_its_event_and_job
        the_same_bytes_of_the_same_partner_are_told
        a_file_of_a_folder_is_taken_once
        other_bytes_than_announced_are_refused
        long_bytes_lie_in_a_file_and_are_the_same_again
        messages_are_found_by_what_they_are;
    receipts: a_name_is_taken_once_and_its_receipt_given_again
        a_receipt_that_goes_later_has_its_job
        of_many_at_once_one_takes_the_name
        receipts_that_come_are_kept_with_their_message;
    jobs: a_job_goes_to_one_worker_and_the_oldest_first
        a_late_finish_is_refused_and_writes_nothing
        a_node_that_starts_ends_the_leases_it_had
        a_lease_lasts_longer_when_it_is_renewed
        attempts_are_counted_when_a_job_is_taken
        a_failed_job_is_due_again_when_it_says_so
        a_dead_job_waits_for_a_person_and_can_be_revived
        jobs_of_one_order_are_done_one_after_the_other
        a_dead_job_holds_up_no_order_and_no_name
        a_name_has_one_unfinished_job
        a_worker_goes_on_with_the_next_job
        a_next_job_that_must_wait_is_not_taken
        a_refused_change_writes_nothing
        a_refused_change_harms_no_other_beside_it
        many_workers_never_share_a_job
        whoever_waits_hears_of_work;
    interchanges: a_repeat_and_a_conflict_are_told_from_a_first
        what_was_kept_before_the_window_does_not_count
        our_own_interchanges_are_not_compared
        of_many_at_once_one_is_the_first
        one_that_stands_apart_is_compared_once_it_is_taken_up
        a_message_stands_where_its_most_urgent_interchange_stands
        a_message_that_stands_elsewhere_refuses_the_change
        answers_to_an_interchange_are_found;
    control: numbers_follow_each_other_and_a_purpose_keeps_its_own
        numbers_are_not_given_twice_within_the_window
        many_at_once_never_overlap
        long_runs_and_short_ones_never_overlap_around_the_end;
    postings: a_posting_has_its_effect_once
        of_many_at_once_one_is_posted
        a_posting_goes_to_a_partner_once
        postings_are_found_by_what_they_are;
    expectations: warnings_and_deadlines_come_once
        an_answer_closes_the_latest_of_its_key
        a_message_is_accepted_when_every_answer_is
        a_message_is_refused_when_one_answer_says_so
        an_answer_before_the_delivery_is_written_down_counts
        an_answer_waited_for_twice_has_the_later_deadline
        nobody_waits_for_a_message_that_is_sent_again
        an_answer_to_nothing_is_noted_where_it_came
        an_answer_may_change
        what_falls_due_brings_its_job_with_it;
    schedules: a_planned_run_begins_once
        a_paused_schedule_does_not_begin
        files_of_a_drop_are_remembered;
    access: failed_logins_are_counted_within_a_window
        bans_end_and_are_lifted
        the_audit_is_read_latest_first
        figures_say_how_many_are_where;
    histories: any_history_is_the_one_that_a_model_tells;
    upkeep: what_ended_is_purged_and_its_row_stays
        each_partners_things_are_purged_in_their_own_time
        planted_damage_is_found
        files_that_nobody_speaks_of_are_swept;
}
