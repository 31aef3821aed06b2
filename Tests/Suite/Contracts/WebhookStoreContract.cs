using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every webhook store must follow.</summary>
public abstract class WebhookStoreContract
{
    private const string Url = "https://example.org/chat";

    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private IWebhookStore _webhooks = null!;
    private IRoomCatalog _catalog = null!;
    private IRoomLog _log = null!;

    /// <summary>Opens an empty store, and the catalog and the logs of its rooms.</summary>
    protected abstract (IWebhookStore Webhooks, IRoomCatalog Catalog, IRoomLog Log) Open();

    [SetUp]
    public async Task OpenStoreAsync()
    {
        (_webhooks, _catalog, _log) = Open();
        await CreateRoomAsync("Garden");
        await CreateRoomAsync("lobby");
    }

    [Test]
    public async Task New_webhook_begins_with_the_next_event()
    {
        (await SetAsync("GARDEN", "w1", "s1")).Should().Be(new StoredWebhook("w1", "Garden", Url, "s1", new WebhookProgress(0)));
        await PostAsync("lobby", 3);
        (await SetAsync("lobby", "w2", "s2")).Should().Be(new StoredWebhook("w2", "lobby", Url, "s2", new WebhookProgress(3)));
        (await _webhooks.FindAsync("garden", default))!.Id.Should().Be("w1");
        (await _webhooks.FindAsync("cellar", default)).Should().BeNull();
        (await _webhooks.SetAsync("cellar", "w3", Url, "s3", default)).Should().BeNull();
    }

    [Test]
    public async Task Webhook_that_is_set_again_keeps_its_cursor_and_its_failed_events()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await PostAsync("Garden", 5);
        (await UpdateAsync(webhook, Failing(2), Failed(2))).Should().BeTrue();
        (await _webhooks.SetAsync("Garden", "w2", "https://example.org/other", "s2", default))
            .Should().Be(new StoredWebhook("w1", "Garden", "https://example.org/other", "s2", new WebhookProgress(2)));
        (await _webhooks.ListFailedAsync("garden", default)).Should().Equal(Failed(2));
    }

    [Test]
    public async Task Setting_a_webhook_that_is_off_creates_a_new_webhook()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await PostAsync("Garden", 5);
        await UpdateAsync(webhook, Failing(2) with { IsOff = true }, Failed(2));
        (await SetAsync("Garden", "w2", "s2")).Should().Be(new StoredWebhook("w2", "Garden", Url, "s2", new WebhookProgress(5)));
        (await _webhooks.ListFailedAsync("Garden", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Progress_is_stored_as_it_was_given()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        (await UpdateAsync(webhook, Failing(3))).Should().BeTrue();
        (await _webhooks.FindAsync("Garden", default))!.Progress.Should().Be(Failing(3));
        (await UpdateAsync(webhook, new WebhookProgress(4))).Should().BeTrue();
        (await _webhooks.FindAsync("Garden", default))!.Progress.Should().Be(new WebhookProgress(4));
    }

    [Test]
    public async Task Progress_update_changes_nothing_after_the_webhook_was_set_again_or_removed()
    {
        var old = await SetAsync("Garden", "w1", "s1");
        await SetAsync("Garden", "w2", "s2");
        (await UpdateAsync(old, Failing(3) with { IsOff = true }, Failed(3))).Should().BeFalse();
        (await _webhooks.FindAsync("Garden", default))!.Progress.Should().Be(new WebhookProgress(0));
        (await _webhooks.ListFailedAsync("Garden", default)).Should().BeEmpty();

        (await _webhooks.RemoveAsync("garden", default)).Should().BeTrue();
        (await _webhooks.RemoveAsync("garden", default)).Should().BeFalse();
        (await UpdateAsync(old, Failing(3))).Should().BeFalse();
        (await _webhooks.FindAsync("Garden", default)).Should().BeNull();
    }

    [Test]
    public async Task Failed_events_are_in_order_and_only_the_newest_stay()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await UpdateAsync(webhook, Failing(4), Failed(4), Failed(2));
        (await _webhooks.ListFailedAsync("Garden", default)).Should().Equal(Failed(2), Failed(4));
        await _webhooks.UpdateAsync(webhook with { Progress = Failing(9) }, [Failed(7), Failed(8), Failed(9)], 4, default);
        (await _webhooks.ListFailedAsync("Garden", default)).Should().Equal(Failed(4), Failed(7), Failed(8), Failed(9));
        (await _webhooks.ListFailedAsync("lobby", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Retry_marks_all_failed_events_and_makes_the_next_attempt_due()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await UpdateAsync(webhook, Failing(4), Failed(2), Failed(4));
        (await _webhooks.FindAsync("Garden", default))!.HasRetries.Should().BeFalse();
        var marked = await _webhooks.RetryAsync("garden", default);
        marked.Should().Be(webhook with { Progress = Failing(4) with { NextAttemptAt = null }, HasRetries = true });
        (await _webhooks.ListFailedAsync("Garden", default)).Should().Equal(Failed(2) with { IsRetried = true }, Failed(4) with { IsRetried = true });

        await _webhooks.RemoveFailedAsync(webhook, 2, default);
        await _webhooks.UpdateFailedAsync(webhook, Failed(4) with { Attempts = 9, Error = "again" }, default);
        await _webhooks.UpdateFailedAsync(webhook, Failed(5), default);
        (await _webhooks.ListFailedAsync("Garden", default)).Should().Equal(Failed(4) with { Attempts = 9, Error = "again" });
        (await _webhooks.FindAsync("Garden", default))!.HasRetries.Should().BeFalse();
        (await _webhooks.RetryAsync("lobby", default)).Should().BeNull();
    }

    [Test]
    public async Task Retry_can_be_stopped()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await UpdateAsync(webhook, Failing(4), Failed(2), Failed(4));
        await _webhooks.RetryAsync("Garden", default);
        await _webhooks.StopRetryAsync(webhook, default);
        (await _webhooks.ListFailedAsync("Garden", default)).Should().Equal(Failed(2), Failed(4));
    }

    [Test]
    public async Task List_has_the_rooms_with_a_webhook_in_alphabetical_order()
    {
        await CreateRoomAsync("attic");
        await SetAsync("lobby", "w1", "s1");
        await SetAsync("Garden", "w2", "s2");
        (await _webhooks.ListRoomsAsync("", 10, default)).Should().Equal("Garden", "lobby");
        (await _webhooks.ListRoomsAsync("", 1, default)).Should().Equal("Garden");
        (await _webhooks.ListRoomsAsync("garden", 10, default)).Should().Equal("lobby");
    }

    [Test]
    public async Task Webhook_is_removed_with_its_room_even_if_the_name_is_used_again()
    {
        var webhook = await SetAsync("Garden", "w1", "s1");
        await UpdateAsync(webhook, Failing(4), Failed(2));
        await _catalog.RemoveRoomAsync("garden", default);
        (await _webhooks.FindAsync("Garden", default)).Should().BeNull();
        (await UpdateAsync(webhook, Failing(4), Failed(2))).Should().BeFalse();
        (await _webhooks.ListRoomsAsync("", 10, default)).Should().BeEmpty();

        await CreateRoomAsync("Garden");
        (await _webhooks.FindAsync("Garden", default)).Should().BeNull();
        (await _webhooks.ListFailedAsync("Garden", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Room_with_a_webhook_does_not_count_as_empty()
    {
        var later = DateTimeOffset.UtcNow.AddMinutes(1);
        await SetAsync("Garden", "w1", "s1");
        (await _catalog.ListEmptyRoomsAsync(later, "", 10, default)).Should().Equal("lobby");
        (await _catalog.RemoveEmptyRoomAsync("Garden", later, default)).Should().BeFalse();
        await _webhooks.RemoveAsync("Garden", default);
        (await _catalog.RemoveEmptyRoomAsync("Garden", later, default)).Should().BeTrue();
    }

    private async Task<StoredWebhook> SetAsync(string room, string id, string secret) => (await _webhooks.SetAsync(room, id, Url, secret, default))!;

    private async Task<bool> UpdateAsync(StoredWebhook webhook, WebhookProgress progress, params FailedEvent[] failed) =>
        await _webhooks.UpdateAsync(webhook with { Progress = progress }, failed, 100, default);

    private async Task CreateRoomAsync(string name)
    {
        await _catalog.CreateRoomAsync(new StoredRoom(name, "", "u1", IsPrivate: false), int.MaxValue, default);
        await _log.OpenAsync(name, default);
    }

    private async Task PostAsync(string room, int count) =>
        await _log.AppendAsync(room, [.. Enumerable.Range(1, count).Select(i => new NewEvent(RoomEventKind.Message, "u1", "ann", $"text {i}"))], default);

    private static WebhookProgress Failing(long seq) =>
        new(seq) { Failures = 3, Attempts = 2, FailingSince = Noon, NextAttemptAt = Noon.AddMinutes(5), Error = "no answer" };

    private static FailedEvent Failed(long seq) => new(seq, Noon, 8, "no answer");
}

public sealed class MemoryWebhookStoreTests : WebhookStoreContract
{
    protected override (IWebhookStore Webhooks, IRoomCatalog Catalog, IRoomLog Log) Open()
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        var webhooks = new MemoryWebhookStore(log);
        return (webhooks, new MemoryRoomCatalog(log, new MemoryTokenStore(), webhooks, new MemoryIdentityStore(), TimeProvider.System), log);
    }
}
