using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionNameTests : SessionStoreFixture
{
    private static IEnumerable<TestCaseData> Disguised =>
        Disguises.All.Select(case_ => new TestCaseData(case_.Name, case_.Disguise).SetArgDisplayNames(case_.Name, case_.How));

    [Test]
    public async Task User_keeps_the_name_until_the_last_connection_ends()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        await store.ResumeAsync(ann.Token);
        store.RemoveConnection(ann);
        var (other, taken) = await store.BeginAsync("ann");
        other.User.Name.Should().StartWith("guest-");
        taken.Should().Match<NameRejection>(refusal => refusal.IsTaken && refusal.Suggestion == "ann2");

        store.RemoveConnection(ann);
        (await store.BeginAsync("ann")).Should().Match<SessionStart>(start => start.Session.User.Name == "ann" && start.Rejection == null);
        var (_, lost) = (await store.ResumeAsync(ann.Token))!;
        ann.User.Name.Should().StartWith("guest-", "another user has taken the name");
        lost!.IsTaken.Should().BeTrue();
    }

    [Test]
    public async Task User_can_change_the_case_of_the_name_and_a_rename_frees_the_old_name()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        (await store.RenameAsync(ann.User, "Ann")).Should().BeNull();
        ann.User.Name.Should().Be("Ann");
        (await store.RenameAsync(ann.User, "bob")).Should().BeNull();
        (await BeginAsync(store, "ann")).User.Name.Should().Be("ann");
        (await store.RenameAsync(ann.User, "ANN"))!.IsTaken.Should().BeTrue();
        ann.User.Name.Should().Be("bob");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task Disguise_of_a_name_in_use_is_rejected(string name, string disguise)
    {
        var store = CreateStore();
        await BeginAsync(store, name);
        var (session, refusal) = await store.BeginAsync(disguise);
        session.User.Name.Should().StartWith("guest-");
        refusal.Should().NotBeNull();
        (await store.RenameAsync(session.User, disguise)).Should().NotBeNull();
        (await store.RenameAsync(session.User, refusal!.Suggestion)).Should().BeNull("the suggestion is available");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task Disguise_of_a_registered_name_is_rejected_while_its_owner_is_away_and_after_a_restart(string name, string disguise)
    {
        var store = CreateStore();
        var owner = await BeginAsync(store, null);
        await RegisterAsync(store, owner, NameRule.Accept(name, out _)!);
        store.RemoveConnection(owner);

        foreach (var later in new[] { store, await RestartAsync() })
        {
            var (session, refusal) = await later.BeginAsync(disguise);
            session.User.Name.Should().StartWith("guest-");
            refusal.Should().NotBeNull();
            (await later.RenameAsync(session.User, disguise)).Should().NotBeNull();
            (await later.RenameAsync(session.User, refusal!.Suggestion)).Should().BeNull("the suggestion is available");
        }
    }

    [Test]
    public async Task Registration_keeps_the_user_id_and_replaces_the_token()
    {
        var store = CreateStore();
        var session = await BeginAsync(store, "guest");
        var (id, token) = (session.User.Id, session.Token);
        await RegisterAsync(store, session, "ann");

        session.User.Should().Match<User>(user => user.Id == id && user.Name == "ann" && !user.IsGuest);
        session.Token.Should().NotBe(token);
        (await store.ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(session.Token))!.Session.User.Should().Match<User>(user => user.Id == id && !user.IsGuest);
        (await BeginAsync(store, "guest")).User.Name.Should().Be("guest", "the old name is free");
    }

    [Test]
    public async Task Sessions_of_an_account_share_one_user_and_get_the_registered_name_when_their_other_name_is_taken()
    {
        var store = CreateStore();
        var first = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        second.Token.Should().NotBe(first.Token);
        second.User.Should().BeSameAs(first.User);
        (await store.RenameAsync(second.User, "ann.away")).Should().BeNull();
        first.User.Name.Should().Be("ann.away");

        store.RemoveConnection(first);
        (await BeginAsync(store, "Ann.Away")).User.Name.Should().StartWith("guest-", "the second session is still connected");
        store.RemoveConnection(second);
        var thief = await BeginAsync(store, "ann.away");
        thief.User.Name.Should().Be("ann.away", "only the registered name is reserved");

        var (back, refusal) = (await store.ResumeAsync(first.Token))!;
        refusal!.IsTaken.Should().BeTrue();
        back.User.Name.Should().Be("ann", "the user of an account gets the registered name if another name is taken");
        (await store.ResumeAsync(second.Token))!.Session.User.Should().BeSameAs(back.User);
    }
}
