using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Lookups of registered names in the storage: registrations at the same time, guest names, and a storage that cannot be read.</summary>
public sealed class NameLookupTests : SessionStoreFixture
{
    [TestCase("ann")]
    [TestCase("ANN")]
    public async Task New_guest_does_not_get_a_name_that_is_registered_while_the_storage_is_read(string wanted)
    {
        var store = CreateStore();
        var owner = await BeginAsync(store, null);
        var begin = await RegisterDuringAsync(() => store.BeginAsync(wanted), store, owner);
        begin.Session.User.Name.Should().StartWith("guest-");
        begin.Rejection!.IsTaken.Should().BeTrue();
    }

    [Test]
    public async Task User_cannot_change_to_a_name_that_is_registered_while_the_storage_is_read()
    {
        var store = CreateStore();
        var (owner, bob) = (await BeginAsync(store, null), await BeginAsync(store, "bob"));
        var rejection = await RegisterDuringAsync(() => store.RenameAsync(bob.User, "ann").AsTask(), store, owner);
        rejection!.IsTaken.Should().BeTrue();
        bob.User.Name.Should().Be("bob");
    }

    [Test]
    public async Task User_cannot_register_a_name_that_is_registered_while_the_storage_is_read()
    {
        var store = CreateStore();
        var (owner, bob) = (await BeginAsync(store, null), await BeginAsync(store, "bob"));
        var (name, rejection) = await RegisterDuringAsync(() => store.ReserveNameAsync(bob.User, "ann").AsTask(), store, owner);
        name.Should().BeNull();
        rejection!.IsTaken.Should().BeTrue();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Resumed_guest_does_not_keep_a_name_that_is_registered_while_the_storage_is_read(bool afterRestart)
    {
        var store = CreateStore();
        var guest = await BeginAsync(store, "ann");
        store.RemoveConnection(guest);
        if (afterRestart)
            store = await RestartAsync();
        var owner = await BeginAsync(store, null);
        var (session, rejection) = (await RegisterDuringAsync(() => store.ResumeAsync(guest.Token).AsTask(), store, owner))!;
        session.User.Id.Should().Be(guest.User.Id);
        session.User.Name.Should().StartWith("guest-");
        rejection!.IsTaken.Should().BeTrue();
    }

    [Test]
    public async Task Name_that_is_being_registered_is_taken_before_and_after_its_account_is_stored()
    {
        var store = CreateStore();
        var (owner, bob) = (await BeginAsync(store, null), await BeginAsync(store, "bob"));
        (await store.ReserveNameAsync(owner.User, "ann")).Name.Should().Be("ann");
        (await store.RenameAsync(bob.User, "ann"))!.IsTaken.Should().BeTrue("the name is reserved");
        await RegisterAsync(store, owner, "ann");
        store.RemoveConnection(owner);
        (await store.RenameAsync(bob.User, "ann"))!.IsTaken.Should().BeTrue("the name is registered");
    }

    [Test]
    public async Task Generated_guest_name_is_not_a_registered_name()
    {
        var store = CreateStore();
        var rejected = new List<string>();
        Storage.IsRegisteredByOther = skeleton =>
        {
            if (rejected.Count < 3)
                rejected.Add(skeleton);
            return rejected.Contains(skeleton);
        };
        var name = (await BeginAsync(store, null)).User.Name;
        rejected.Should().HaveCount(3);
        NameSkeleton.CreateAll(name).Should().NotIntersectWith(rejected);
    }

    [Test]
    public async Task Suggestion_is_not_a_registered_name()
    {
        var store = CreateStore();
        await BeginAsync(store, "ann");
        for (var i = 2; i < 30; i++)
        {
            var session = await BeginAsync(store, null);
            await RegisterAsync(store, session, $"ann{i}");
            store.RemoveConnection(session);
        }

        (await store.BeginAsync("ann")).Rejection!.Suggestion.Should().Be("ann30");
    }

    [Test]
    public async Task Server_starts_without_reading_accounts()
    {
        Storage.IsUnreadable = true;
        await FluentActions.Awaiting(RestartAsync).Should().NotThrowAsync();
    }

    [Test]
    public async Task New_guest_gets_a_generated_name_while_the_storage_cannot_be_read()
    {
        var store = CreateStore();
        Storage.IsUnreadable = true;
        var (session, rejection) = await store.BeginAsync("ann");
        session.User.Name.Should().MatchRegex("^guest-[a-z2-9]{16}$", "nobody has registered such a long random name");
        rejection.Should().Match<NameRejection>(refusal => refusal.Code == ErrorCode.Unavailable && refusal.Suggestion == "ann" && refusal.RetryAfterMs > 0);
        (await store.BeginAsync(wanted: null)).Should().Match<SessionStart>(start => start.Session.User.Name.StartsWith("guest-") && start.Rejection == null);
        (await store.BeginAsync("no name")).Rejection!.Code.Should().Be(ErrorCode.BadName, "the server rejects this name without reading the storage");

        Storage.IsUnreadable = false;
        (await store.RenameAsync(session.User, rejection!.Suggestion)).Should().BeNull();
    }

    [Test]
    public async Task User_keeps_the_current_name_if_the_new_name_cannot_be_looked_up()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        Storage.IsUnreadable = true;
        (await store.RenameAsync(ann.User, "bob"))!.Code.Should().Be(ErrorCode.Unavailable);
        ann.User.Name.Should().Be("ann");
    }

    [Test]
    public async Task Sessions_in_memory_are_resumed_while_the_storage_cannot_be_read_but_guests_lose_their_names()
    {
        var store = CreateStore();
        var (guest, owner) = (await BeginAsync(store, "bob"), await BeginAsync(store, null));
        await RegisterAsync(store, owner, "ann");
        store.RemoveConnection(guest);
        store.RemoveConnection(owner);
        Storage.IsUnreadable = true;
        var (resumedOwner, ownersRejection) = (await store.ResumeAsync(owner.Token))!;
        resumedOwner.User.Name.Should().Be("ann");
        ownersRejection.Should().BeNull("an account owns its registered name");
        var (resumedGuest, guestsRejection) = (await store.ResumeAsync(guest.Token))!;
        resumedGuest.Should().BeSameAs(guest);
        guest.User.Name.Should().StartWith("guest-", "another user may have registered the name");
        guestsRejection!.Code.Should().Be(ErrorCode.Unavailable);
        (await store.ResumeAsync(guest.Token))!.Rejection.Should().BeNull("the user is already connected");
    }

    [Test]
    public async Task Late_rename_of_a_disconnected_user_does_not_free_the_old_name_if_another_user_has_it()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        var slow = new TaskCompletionSource();
        Storage.FindNameOwnersDelay = slow.Task;
        var renaming = store.RenameAsync(ann.User, "bob").AsTask();
        Storage.FindNameOwnersDelay = Task.CompletedTask;
        store.RemoveConnection(ann);
        (await BeginAsync(store, "ann")).User.Name.Should().Be("ann");
        slow.SetResult();
        (await renaming).Should().BeNull();
        (await BeginAsync(store, "ann")).User.Name.Should().StartWith("guest-", "the second user is connected and has the name");
        (await BeginAsync(store, "bob")).User.Name.Should().Be("bob", "a user who is not connected has no name");
    }

    // Starts a request for the name "ann". After the request has read the storage and before it continues, the owner registers "ann" and
    // disconnects.
    private async Task<T> RegisterDuringAsync<T>(Func<Task<T>> request, SessionStore store, Session owner)
    {
        var slow = new TaskCompletionSource();
        Storage.FindNameOwnersDelay = slow.Task;
        var running = request();
        Storage.FindNameOwnersDelay = Task.CompletedTask;
        (await store.ReserveNameAsync(owner.User, "ann")).Name.Should().Be("ann");
        await RegisterAsync(store, owner, "ann");
        store.UnreserveName(owner.User);
        // After this call the name is not in use, so only the storage shows that the name is registered.
        store.RemoveConnection(owner);
        slow.SetResult();
        return await running;
    }
}
