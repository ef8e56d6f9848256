//! The road, walked with real documents, a real store and real mailboxes, on both stores.

mod acknowledged;
mod as2;
mod audit;
mod call;
mod common;
mod due;
mod failing;
mod histories;
mod hooked;
mod inbound;
mod nodes;
mod once;
mod operate;
mod outbound;
mod staged;
mod told;
mod watched;

/// Each test once for each store.
macro_rules! on_both {
    ($($module:ident: $($test:ident)+;)+) => {
        mod sqlite {
            $($(
                #[test]
                fn $test() {
                    crate::common::on_sqlite(crate::$module::$test);
                }
            )+)+
        }

        mod postgres {
            $($(
                #[test]
                fn $test() {
                    crate::common::on_postgres(crate::$module::$test);
                }
            )+)+
        }
    };
}

on_both! {
    as2: a_payment_comes_and_its_acknowledgment_goes_over_as2
        a_receipt_that_comes_later_closes_the_message
        a_receipt_settles_what_broke_off_on_its_way
        a_receipt_is_judged_by_what_was_asked_for
        a_partner_that_is_away_gets_it_when_it_is_back
        what_cannot_be_opened_waits_sealed_for_a_person
        forged_messages_leave_room_for_the_partners_own
        a_key_of_ours_that_cannot_be_read_sends_nobody_away;
    inbound: a_good_payment_is_answered_and_posted
        the_same_file_again_is_answered_again_and_posts_nothing
        another_file_under_a_used_number_is_held
        a_payment_that_was_posted_posts_nothing_in_a_new_interchange
        nobody_speaks_for_somebody_else
        what_somebody_else_said_takes_nothing_from_the_partner
        what_is_wrong_is_answered_so_and_reported
        a_file_that_is_no_edi_is_refused_and_others_go_on
        what_a_997_refuses_with_its_group_is_not_posted
        what_is_accepted_with_errors_is_so_in_its_answer_and_its_effect
        what_nothing_is_done_with_waits_for_a_person
        several_interchanges_in_a_file_go_their_own_ways
        a_short_file_does_not_wait_for_a_long_one
        test_traffic_stays_apart;
    outbound: usage_goes_out_once_and_its_acknowledgment_closes_it
        who_the_customer_is_goes_only_with_the_customers_word
        an_answer_before_we_know_that_it_was_sent_counts
        nothing_is_released_that_no_customer_allowed
        a_rejection_shows_on_what_was_sent
        the_same_file_brought_twice_posts_nothing_twice
        a_file_that_cannot_be_read_waits_for_a_person
        what_has_no_schedule_goes_out_as_soon_as_it_is_there
        what_an_authorization_is_added_for_goes_out
        what_was_taken_moves_to_the_archive_after_a_while;
    call: a_call_puts_what_is_queued_and_takes_what_waits
        a_login_that_is_refused_is_told_and_pauses_the_calls_in_the_end
        calls_that_failed_are_counted_over_a_restart
        another_host_key_pauses_the_calls_at_once
        a_server_that_is_not_there_is_called_again_and_then_told
        a_file_that_is_refused_is_told_and_goes_when_it_may
        a_drop_that_cannot_be_used_is_given_up_and_told;
    audit: what_happens_while_the_store_is_away_is_in_the_audit;
    due: an_expected_file_that_comes_in_time_is_nothing_to_tell
        an_expected_file_that_does_not_come_is_told_once
        an_expected_file_that_is_too_large_is_told
        an_expected_file_that_is_empty_is_told
        of_two_expected_files_one_is_too_few
        a_clock_that_is_put_back_or_on_loses_and_doubles_nothing
        a_schedule_runs_once_when_the_clock_is_put_back
        an_answer_that_does_not_come_is_told_once
        a_schedule_begins_each_run_once;
    operate: what_came_in_is_never_sent_again
        what_was_sent_is_sent_again_and_what_is_being_sent_is_not
        an_answer_to_what_was_sent_again_is_its_answer
        only_what_waits_for_a_person_is_looked_at_anew
        what_was_held_goes_on_when_it_was_set_right
        what_was_held_is_held_again_until_it_is_set_right
        what_was_given_up_on_its_way_out_is_delivered
        of_two_copies_of_an_unknown_sender_one_counts
        an_advice_anew_has_a_number_of_its_own
        what_lies_here_sealed_is_not_looked_at_anew
        an_import_of_our_own_is_imported_anew
        an_import_whose_format_is_not_known_any_more_is_refused
        what_is_held_on_its_way_out_is_not_sent_again;
    acknowledged: the_last_acknowledgment_of_what_was_sent_counts;
    failing: a_call_that_fails_is_made_again
        a_call_that_is_done_and_not_heard_of_is_not_done_twice
        whoever_ends_before_a_call_has_lost_nothing
        whoever_ends_after_a_call_has_lost_nothing
        whoever_stalls_past_the_lease_writes_nothing
        a_step_that_breaks_down_is_given_up_and_others_go_on
        a_mailbox_that_cannot_be_written_to_loses_and_doubles_nothing;
    told: what_is_told_within_minutes_is_one_signed_webhook
        what_is_not_taken_is_sent_again_under_the_same_id
        what_nobody_takes_for_a_day_is_given_up_and_told_by_no_alert
        a_mail_says_what_is_held_and_how_often;
    watched: figures_are_read_while_files_come
        a_node_without_its_store_is_not_ready_and_is_again
        a_ban_holds_at_every_node_and_through_a_restart
        a_good_login_clears_slips_and_the_next_ban_is_longer
        a_stranger_cannot_lock_a_partner_out;
    staged: whoever_stalls_while_staging_sends_nothing_twice
        whoever_stalls_before_a_folder_puts_nothing_twice;
    histories: every_history_comes_to_what_the_model_says;
}
